// A real Mesos agent in a process of its own: mesos::internal::slave::Slave, put together as src/slave/main.cpp does it.
// Flags come from the environment: MESOS_MASTER, MESOS_WORK_DIR, MESOS_RUNTIME_DIR …, LIBPROCESS_*.
#include <unistd.h>
#include "abi.h"

extern "C" {
void flags_construct(void*) SYMBOL("_ZN5mesos8internal5slave5FlagsC1Ev");
void fetcher_construct(void*, void* flags) SYMBOL("_ZN5mesos8internal5slave7FetcherC1ERKNS1_5FlagsE");
void collector_construct(void*, const std::string&) SYMBOL("_ZN5mesos8internal5slave16GarbageCollectorC1ERK" STRING);
void updates_construct(void*, void* flags) SYMBOL("_ZN5mesos8internal5slave23TaskStatusUpdateManagerC1ERKNS1_5FlagsE");
void files_construct(void*, const Text*, const Option<void*>*) SYMBOL("_ZN5mesos8internal5FilesC1ERK6OptionI" STRING "ERKS2_IPNS_10AuthorizerEE");
Outcome* resolver_create(Outcome*, const Text*) SYMBOL("_ZN5mesos14SecretResolver6createERK6OptionI" STRING "E");
Outcome* estimator_create(Outcome*, const Text*) SYMBOL("_ZN5mesos5slave17ResourceEstimator6createERK6OptionI" STRING "E");
Outcome* qos_create(Outcome*, const Text*) SYMBOL("_ZN5mesos5slave13QoSController6createERK6OptionI" STRING "E");
Outcome* detector_create(Outcome*, const Text*, const Text*, const Option<long>*)
    SYMBOL("_ZN5mesos6master8detector14MasterDetector6createERK6OptionI" STRING "ESC_RKS3_I8DurationE");
Outcome* containerizer_create(Outcome*, void* flags, bool local, void* fetcher, void* collector, void* resolver, void* gids, void* futures, void* csi)
    SYMBOL("_ZN5mesos8internal5slave13Containerizer6createERKNS1_5FlagsEbPNS1_7FetcherEPNS1_16GarbageCollectorEPNS_14SecretResolverEPNS1_16VolumeGidManagerEPNS0_20PendingFutureTrackerEPNS1_9CSIServerE");
void slave_construct(void*, const std::string& id, void* flags, void* detector, void* containerizer, void* files, void* collector, void* updates,
    void* estimator, void* qos, void* secrets, void* gids, void* futures, void* csi, const Option<void*>* socket, const Option<void*>* authorizer)
    SYMBOL("_ZN5mesos8internal5slave5SlaveC1ERK" STRING "RKNS1_5FlagsEPNS_6master8detector14MasterDetectorEPNS1_13ContainerizerEPNS0_5FilesEPNS1_16GarbageCollectorEPNS1_23TaskStatusUpdateManagerEPNS_5slave17ResourceEstimatorEPNSQ_13QoSControllerEPNS_15SecretGeneratorEPNS1_16VolumeGidManagerEPNS0_20PendingFutureTrackerEON7process5OwnedINS1_9CSIServerEEERK6OptionINS11_7network8internal6SocketINS17_4unix7AddressEEEERKS16_IPNS_10AuthorizerEE");
void* process_spawn(void* result, void* process, bool manage) SYMBOL("_ZN7process5spawnEPNS_11ProcessBaseEb");
}

static const char* required(const char* variable) {
  const char* value = getenv(variable);
  if (value) return value;
  fprintf(stderr, "%s is not set\n", variable);
  exit(1);
}

int main(int, char** argv) {
  const std::string id = "slave(1)";
  process::initialize(Text(id), Text(std::string("mesos-agent-readwrite")), Text(std::string("mesos-agent-readonly")));
  char* flags = room();
  flags_construct(flags);
  loadFlags(flags, argv);

  Text none, realm(std::string("mesos-agent-readonly")), master{std::string(required("MESOS_MASTER"))};
  Option<void*> noSocket, noAuthorizer;
  Option<long> timeout(4000000000L);  // nanoseconds, of the ZooKeeper session
  char *fetcher = room(), *collector = room(), *updates = room(), *files = room(), *slave = room(1 << 20);
  fetcher_construct(fetcher, flags);
  collector_construct(collector, required("MESOS_WORK_DIR"));
  updates_construct(updates, flags);
  files_construct(files, &realm, &noAuthorizer);

  Outcome made[5];
  void* resolver = resolver_create(&made[0], &none)->orExit("secret resolver");
  void* containerizer = containerizer_create(&made[1], flags, false, fetcher, collector, resolver, nullptr, nullptr, nullptr)->orExit("containerizer");
  void* detector = detector_create(&made[2], &master, &none, &timeout)->orExit("detector");
  void* estimator = estimator_create(&made[3], &none)->orExit("estimator");
  void* qos = qos_create(&made[4], &none)->orExit("QoS controller");
  slave_construct(slave, id, flags, detector, containerizer, files, collector, updates, estimator, qos, nullptr, nullptr, nullptr, room(), &noSocket, &noAuthorizer);
  constexpr int PROCESS_BASE = -3;  // where Slave keeps libprocess' ProcessBase, its virtual base
  process_spawn(room(), virtualBase(slave, PROCESS_BASE), false);
  for (;;) pause();
}
