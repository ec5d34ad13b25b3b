// mesos-containerizer: runs the library's own MesosContainerizerLaunch ("mesos-containerizer launch --launch_info=…").
#include <cstring>
#include "abi.h"

extern "C" {
void flags_construct(void*) SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch5FlagsC1Ev");
int launch_execute(void*) SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch7executeEv");
char* launch_flags(void*) SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch8getFlagsEv");
}

int main(int argc, char** argv) {
  if (argc < 2 || strcmp(argv[1], "launch") != 0) {
    fprintf(stderr, "only 'launch' is known here\n");
    return 1;
  }
  char* launch = room();                // the subcommand; execute() reads only its flags
  char* base = launch_flags(launch);    // where FlagsBase, the virtual base of those flags, lies in it
  char* probe = room();                 // constructed only to learn how far the base is from its flags
  flags_construct(probe);
  flags_construct(base - (virtualBase(probe, -3) - probe));
  Text prefix(std::string("MESOS_CONTAINERIZER_"));
  flags_load(room(), base, &prefix, argc - 1, argv + 1, false, false);
  return launch_execute(launch);
}
