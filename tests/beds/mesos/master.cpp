// A real Mesos master: mesos::internal::local::launch with no agents of its own (MESOS_NUM_SLAVES=0).
// Flags come from the environment (MESOS_*, LIBPROCESS_*). MESOS_ZK=zk://… makes it contend in a real ZooKeeper.
#include <sys/mman.h>
#include <unistd.h>
#include "abi.h"

extern "C" {
void flags_construct(void*) SYMBOL("_ZN5mesos8internal5local5FlagsC1Ev");
void* local_launch(void* result, void* flags, void* allocator) SYMBOL("_ZN5mesos8internal5local6launchERKNS1_5FlagsEPNS_9allocator9AllocatorE");
Outcome* contender_create(Outcome*, const Text* zk, const Text* module, const Option<long>* timeout)
    SYMBOL("_ZN5mesos6master9contender15MasterContender6createERK6OptionI" STRING "ESC_RKS3_I8DurationE");
Outcome* detector_create(Outcome*, const Text* zk, const Text* module, const Option<long>* timeout)
    SYMBOL("_ZN5mesos6master8detector14MasterDetector6createERK6OptionI" STRING "ESC_RKS3_I8DurationE");
extern void* contender_vtable[] SYMBOL("_ZTVN5mesos6master9contender25StandaloneMasterContenderE");
extern void* detector_vtable[] SYMBOL("_ZTVN5mesos6master8detector24StandaloneMasterDetectorE");
}

// local::launch always makes the standalone contender and detector, and the library calls its own functions directly, so
// that symbols cannot be interposed. Virtual calls can: these three replace the standalone methods and pass on to ZooKeeper's.
// A vtable's functions follow two words; the destructors are the first two of them.
constexpr int INITIALIZE = 2, CONTEND = 3, DETECT = 2;
static void *contender, *detector;

static void* method(void* object, int index) { return (*static_cast<void***>(object))[index]; }
static void initialize(void*, void* info) { reinterpret_cast<void (*)(void*, void*)>(method(contender, INITIALIZE))(contender, info); }
static void* contend(void* result, void*) { return reinterpret_cast<void* (*)(void*, void*)>(method(contender, CONTEND))(result, contender); }
static void* detect(void* result, void*, void* previous) {
  return reinterpret_cast<void* (*)(void*, void*, void*)>(method(detector, DETECT))(result, detector, previous);
}

static void replace(void** vtable, int index, void* function) {
  void** slot = vtable + 2 + index;  // relro: read-only until told otherwise
  mprotect(reinterpret_cast<void*>(reinterpret_cast<size_t>(slot) & ~4095ul), 8192, PROT_READ | PROT_WRITE);
  *slot = function;
}

static void contendIn(const char* zookeeper) {
  Text url{std::string(zookeeper)}, none;
  Option<long> timeout(4000000000L);  // nanoseconds: the session timeout, shorter than Mesos' 10 s so that tests need not wait
  Outcome made[2];
  contender = contender_create(&made[0], &url, &none, &timeout)->orExit("contender");
  detector = detector_create(&made[1], &url, &none, &timeout)->orExit("detector");
  replace(contender_vtable, INITIALIZE, reinterpret_cast<void*>(initialize));
  replace(contender_vtable, CONTEND, reinterpret_cast<void*>(contend));
  replace(detector_vtable, DETECT, reinterpret_cast<void*>(detect));
}

int main(int, char** argv) {
  process::initialize(Text(std::string("master")), Text(std::string("mesos-master-readwrite")), Text(std::string("mesos-master-readonly")));
  if (const char* url = getenv("MESOS_ZK")) contendIn(url);
  char* flags = room();
  flags_construct(flags);
  loadFlags(flags, argv);
  local_launch(room(), flags, nullptr);
  for (;;) pause();
}
