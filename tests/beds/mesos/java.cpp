// Mesos' own scheduler driver for Java, which ours is held to: the natives that the archive's library lacks, over the C++
// driver that it has, as src/java/jni of Mesos 1.11 has them. Good for tests alone.
#include <jni.h>
#include <dlfcn.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace google { namespace protobuf {
struct MessageLite {
  bool ParseFromArray(const void*, int);
  std::string SerializeAsString() const;
};
}}  // namespace google::protobuf
using Message = google::protobuf::MessageLite;

namespace mesos {
struct Credential;
struct ExecutorID;
struct Filters;
struct FrameworkID;
struct FrameworkInfo;
struct MasterInfo;
struct Offer;
struct OfferID;
struct Offer_Operation;
struct Request;
struct SchedulerDriver;
struct SlaveID;
struct TaskID;
struct TaskInfo;
struct TaskStatus;
namespace scheduler { struct OfferConstraints; }

struct Scheduler {
  virtual ~Scheduler() {}
  virtual void registered(SchedulerDriver*, const FrameworkID&, const MasterInfo&) = 0;
  virtual void reregistered(SchedulerDriver*, const MasterInfo&) = 0;
  virtual void disconnected(SchedulerDriver*) = 0;
  virtual void resourceOffers(SchedulerDriver*, const std::vector<Offer>&) = 0;
  virtual void offerRescinded(SchedulerDriver*, const OfferID&) = 0;
  virtual void statusUpdate(SchedulerDriver*, const TaskStatus&) = 0;
  virtual void frameworkMessage(SchedulerDriver*, const ExecutorID&, const SlaveID&, const std::string&) = 0;
  virtual void slaveLost(SchedulerDriver*, const SlaveID&) = 0;
  virtual void executorLost(SchedulerDriver*, const ExecutorID&, const SlaveID&, int) = 0;
  virtual void error(SchedulerDriver*, const std::string&) = 0;
};

// Its own table of functions is left alone: each is called by its symbol.
struct MesosSchedulerDriver {
  MesosSchedulerDriver(Scheduler*, const FrameworkInfo&, const std::vector<std::string>&, const std::string&, bool);
  MesosSchedulerDriver(Scheduler*, const FrameworkInfo&, const std::vector<std::string>&, const std::string&, bool, const Credential&);
  ~MesosSchedulerDriver();
  int start();
  int stop(bool);
  int abort();
  int join();
  int requestResources(const std::vector<Request>&);
  int launchTasks(const std::vector<OfferID>&, const std::vector<TaskInfo>&, const Filters&);
  int launchTasks(const OfferID&, const std::vector<TaskInfo>&, const Filters&);
  int killTask(const TaskID&);
  int acceptOffers(const std::vector<OfferID>&, const std::vector<Offer_Operation>&, const Filters&);
  int declineOffer(const OfferID&, const Filters&);
  int reviveOffers();
  int reviveOffers(const std::vector<std::string>&);
  int suppressOffers();
  int suppressOffers(const std::vector<std::string>&);
  int acknowledgeStatusUpdate(const TaskStatus&);
  int sendFrameworkMessage(const ExecutorID&, const SlaveID&, const std::string&);
  int reconcileTasks(const std::vector<TaskStatus>&);
  int updateFramework(const FrameworkInfo&, const std::vector<std::string>&, scheduler::OfferConstraints&&);
  alignas(16) char room[1 << 14];  // more than it needs
};
}  // namespace mesos
using namespace mesos;

// A type of message, by its mangled name.
struct Type {
  void (*construct)(void*);
  void (*destroy)(void*);
  size_t size;

  explicit Type(const std::string& name) {
    void* library = dlopen("libmesos.so", RTLD_LAZY | RTLD_NOLOAD);
    auto symbol = [&](const char* prefix, const char* suffix) {
      const std::string mangled = prefix + ("5mesos" + std::to_string(name.size()) + name) + suffix;
      if (void* found = dlsym(library, mangled.c_str())) return found;
      fprintf(stderr, "libmesos has no %s\n", mangled.c_str());
      abort();
    };
    construct = reinterpret_cast<void (*)(void*)>(symbol("_ZN", "C1Ev"));
    destroy = reinterpret_cast<void (*)(void*)>(symbol("_ZN", "D1Ev"));
    // How large one is, only Mesos' headers tell; but to make one is to write to all of it.
    const size_t enough = 1 << 16;
    char* paper = static_cast<char*>(malloc(enough));
    memset(paper, 0xaa, enough);
    construct(paper);
    for (size = enough; paper[size - 1] == char(0xaa); size--) {}
    size = (size + 7) & ~size_t(7);
    destroy(paper);
    free(paper);
  }
};
#define TYPE(name) ([]() -> const Type& { static const Type type(#name); return type; }())

// Messages in a row, laid out as a std::vector of them is.
class Messages {
 public:
  Messages(const Type& type, const std::vector<std::string>& encoded) : type(type) {
    begin = static_cast<char*>(calloc(encoded.size() + 1, type.size));
    end = limit = begin + encoded.size() * type.size;
    for (size_t i = 0; i < encoded.size(); i++) {
      type.construct(begin + i * type.size);
      reinterpret_cast<Message*>(begin + i * type.size)->ParseFromArray(encoded[i].data(), encoded[i].size());
    }
  }
  ~Messages() {
    for (char* each = begin; each < end; each += type.size) type.destroy(each);
    free(begin);
  }
  Messages(const Messages&) = delete;
  template <class T> operator const std::vector<T>&() const { return *reinterpret_cast<const std::vector<T>*>(&begin); }
  template <class T> const T& first() const { return *reinterpret_cast<const T*>(begin); }

 private:
  char *begin, *end, *limit;
  const Type& type;
};

static JavaVM* vm;

static std::string textOf(JNIEnv* env, jobject text) {
  const char* chars = env->GetStringUTFChars(static_cast<jstring>(text), nullptr);
  std::string copy(chars);
  env->ReleaseStringUTFChars(static_cast<jstring>(text), chars);
  return copy;
}

static std::string bytesOf(JNIEnv* env, jbyteArray array) {
  std::string bytes(env->GetArrayLength(array), '\0');
  env->GetByteArrayRegion(array, 0, bytes.size(), reinterpret_cast<jbyte*>(&bytes[0]));
  return bytes;
}

static std::string encoded(JNIEnv* env, jobject message) {
  jmethodID toByteArray = env->GetMethodID(env->GetObjectClass(message), "toByteArray", "()[B");
  return bytesOf(env, static_cast<jbyteArray>(env->CallObjectMethod(message, toByteArray)));
}

template <class Convert> static std::vector<std::string> each(JNIEnv* env, jobject collection, Convert convert) {
  jobject iterator = env->CallObjectMethod(
      collection, env->GetMethodID(env->GetObjectClass(collection), "iterator", "()Ljava/util/Iterator;"));
  jclass type = env->GetObjectClass(iterator);
  jmethodID hasNext = env->GetMethodID(type, "hasNext", "()Z"), next = env->GetMethodID(type, "next", "()Ljava/lang/Object;");
  std::vector<std::string> all;
  while (env->CallBooleanMethod(iterator, hasNext)) {
    jobject one = env->CallObjectMethod(iterator, next);
    all.push_back(convert(env, one));
    env->DeleteLocalRef(one);
  }
  return all;
}

static jobject field(JNIEnv* env, jobject of, const char* name, const char* type) {
  jfieldID id = env->GetFieldID(env->GetObjectClass(of), name, type);
  if (id) return env->GetObjectField(of, id);
  env->ExceptionClear();  // older classes have fewer
  return nullptr;
}

static jobject javaStatus(JNIEnv* env, int status) {
  jclass type = env->FindClass("org/apache/mesos/Protos$Status");
  jmethodID valueOf = env->GetStaticMethodID(type, "valueOf", "(I)Lorg/apache/mesos/Protos$Status;");
  return env->CallStaticObjectMethod(type, valueOf, status);
}

// Classes are found once, by the class loader of the method that is called: threads of Mesos' have another.
static jclass global(JNIEnv* env, const char* name) { return static_cast<jclass>(env->NewGlobalRef(env->FindClass(name))); }

struct JavaMessage {
  jclass type;
  jmethodID parseFrom;
  void find(JNIEnv* env, const std::string& name) {
    const std::string path = "org/apache/mesos/Protos$" + name;
    type = global(env, path.c_str());
    parseFrom = env->GetStaticMethodID(type, "parseFrom", ("([B)L" + path + ";").c_str());
  }
  jobject operator()(JNIEnv* env, const void* message) const {
    const std::string bytes = static_cast<const Message*>(message)->SerializeAsString();
    jbyteArray array = env->NewByteArray(bytes.size());
    env->SetByteArrayRegion(array, 0, bytes.size(), reinterpret_cast<const jbyte*>(bytes.data()));
    jobject object = env->CallStaticObjectMethod(type, parseFrom, array);
    env->DeleteLocalRef(array);
    return object;
  }
};
static JavaMessage frameworkId, masterInfo, offerInfo, offerId, taskStatus, executorId, slaveId;
static jclass arrayList;

#define PROTO(name) "Lorg/apache/mesos/Protos$" name ";"

class JavaScheduler : public Scheduler {
 public:
  MesosSchedulerDriver* native = nullptr;
  jweak driver;

  void registered(SchedulerDriver*, const FrameworkID& id, const MasterInfo& master) override {
    call("registered", PROTO("FrameworkID") PROTO("MasterInfo"), [&](JNIEnv* env, jvalue* arguments) {
      arguments[0].l = frameworkId(env, &id);
      arguments[1].l = masterInfo(env, &master);
    });
  }
  void reregistered(SchedulerDriver*, const MasterInfo& master) override {
    call("reregistered", PROTO("MasterInfo"), [&](JNIEnv* env, jvalue* arguments) { arguments[0].l = masterInfo(env, &master); });
  }
  void disconnected(SchedulerDriver*) override {
    call("disconnected", "", [](JNIEnv*, jvalue*) {});
  }
  void resourceOffers(SchedulerDriver*, const std::vector<Offer>& offers) override {
    call("resourceOffers", "Ljava/util/List;", [&](JNIEnv* env, jvalue* arguments) {
      jobject list = env->NewObject(arrayList, env->GetMethodID(arrayList, "<init>", "()V"));
      jmethodID add = env->GetMethodID(arrayList, "add", "(Ljava/lang/Object;)Z");
      const auto bounds = reinterpret_cast<char* const*>(&offers);
      for (char* each = bounds[0]; each < bounds[1]; each += TYPE(Offer).size) env->CallBooleanMethod(list, add, offerInfo(env, each));
      arguments[0].l = list;
    });
  }
  void offerRescinded(SchedulerDriver*, const OfferID& offer) override {
    call("offerRescinded", PROTO("OfferID"), [&](JNIEnv* env, jvalue* arguments) { arguments[0].l = offerId(env, &offer); });
  }
  void statusUpdate(SchedulerDriver*, const TaskStatus& status) override {
    call("statusUpdate", PROTO("TaskStatus"), [&](JNIEnv* env, jvalue* arguments) { arguments[0].l = taskStatus(env, &status); });
  }
  void frameworkMessage(SchedulerDriver*, const ExecutorID& executor, const SlaveID& agent, const std::string& data) override {
    call("frameworkMessage", PROTO("ExecutorID") PROTO("SlaveID") "[B", [&](JNIEnv* env, jvalue* arguments) {
      arguments[0].l = executorId(env, &executor);
      arguments[1].l = slaveId(env, &agent);
      jbyteArray array = env->NewByteArray(data.size());
      env->SetByteArrayRegion(array, 0, data.size(), reinterpret_cast<const jbyte*>(data.data()));
      arguments[2].l = array;
    });
  }
  void slaveLost(SchedulerDriver*, const SlaveID& agent) override {
    call("slaveLost", PROTO("SlaveID"), [&](JNIEnv* env, jvalue* arguments) { arguments[0].l = slaveId(env, &agent); });
  }
  void executorLost(SchedulerDriver*, const ExecutorID& executor, const SlaveID& agent, int status) override {
    call("executorLost", PROTO("ExecutorID") PROTO("SlaveID") "I", [&](JNIEnv* env, jvalue* arguments) {
      arguments[0].l = executorId(env, &executor);
      arguments[1].l = slaveId(env, &agent);
      arguments[2].i = status;
    });
  }
  void error(SchedulerDriver*, const std::string& message) override {
    call("error", "Ljava/lang/String;", [&](JNIEnv* env, jvalue* arguments) { arguments[0].l = env->NewStringUTF(message.c_str()); });
  }

 private:
  template <class Prepare> void call(const char* method, const char* types, Prepare prepare) {
    JNIEnv* env;
    const bool attach = vm->GetEnv(reinterpret_cast<void**>(&env), JNI_VERSION_1_6) == JNI_EDETACHED;
    if (attach) vm->AttachCurrentThread(reinterpret_cast<void**>(&env), nullptr);
    env->PushLocalFrame(64);
    jvalue arguments[4];
    arguments[0].l = env->NewLocalRef(driver);
    jobject scheduler = field(env, arguments[0].l, "scheduler", "Lorg/apache/mesos/Scheduler;");
    const std::string signature = std::string("(Lorg/apache/mesos/SchedulerDriver;") + types + ")V";
    prepare(env, arguments + 1);
    env->CallVoidMethodA(scheduler, env->GetMethodID(env->GetObjectClass(scheduler), method, signature.c_str()), arguments);
    const bool threw = env->ExceptionCheck();
    if (threw) {
      env->ExceptionDescribe();
      env->ExceptionClear();
    }
    env->PopLocalFrame(nullptr);
    if (attach) vm->DetachCurrentThread();
    if (threw) native->abort();
  }
};

static jlong get(JNIEnv* env, jobject self, const char* name) {
  return env->GetLongField(self, env->GetFieldID(env->GetObjectClass(self), name, "J"));
}
static void set(JNIEnv* env, jobject self, const char* name, const void* pointer) {
  env->SetLongField(self, env->GetFieldID(env->GetObjectClass(self), name, "J"), reinterpret_cast<jlong>(pointer));
}
static MesosSchedulerDriver& native(JNIEnv* env, jobject self) { return *reinterpret_cast<MesosSchedulerDriver*>(get(env, self, "__driver")); }

static Messages one(JNIEnv* env, const Type& type, jobject message) { return Messages(type, {encoded(env, message)}); }
static Messages all(JNIEnv* env, const Type& type, jobject messages) { return Messages(type, each(env, messages, encoded)); }
static const Filters& filters(const Messages& given) { return given.first<Filters>(); }

#define NATIVE(type, method) extern "C" JNIEXPORT type JNICALL Java_org_apache_mesos_MesosSchedulerDriver_##method

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* given, void*) {
  vm = given;
  JNIEnv* env;
  vm->GetEnv(reinterpret_cast<void**>(&env), JNI_VERSION_1_6);
  jclass library = env->FindClass("org/apache/mesos/MesosNativeLibrary");
  env->SetStaticBooleanField(library, env->GetStaticFieldID(library, "loaded", "Z"), JNI_TRUE);
  return JNI_VERSION_1_6;
}

extern "C" JNIEXPORT jobject JNICALL Java_org_apache_mesos_MesosNativeLibrary__1version(JNIEnv* env, jclass) {
  jclass type = env->FindClass("org/apache/mesos/MesosNativeLibrary$Version");
  return env->NewObject(type, env->GetMethodID(type, "<init>", "(JJJ)V"), jlong(1), jlong(11), jlong(0));
}

NATIVE(void, initialize)(JNIEnv* env, jobject self) {
  frameworkId.find(env, "FrameworkID"), masterInfo.find(env, "MasterInfo"), offerInfo.find(env, "Offer");
  offerId.find(env, "OfferID"), taskStatus.find(env, "TaskStatus"), executorId.find(env, "ExecutorID"), slaveId.find(env, "SlaveID");
  arrayList = global(env, "java/util/ArrayList");
  const Messages framework = one(env, TYPE(FrameworkInfo), field(env, self, "framework", PROTO("FrameworkInfo")));
  const std::string master = textOf(env, field(env, self, "master", "Ljava/lang/String;"));
  const bool implicit = env->GetBooleanField(self, env->GetFieldID(env->GetObjectClass(self), "implicitAcknowledgements", "Z"));
  jobject credential = field(env, self, "credential", PROTO("Credential"));
  jobject suppressed = field(env, self, "suppressedRoles", "Ljava/util/Collection;");
  const auto roles = suppressed ? each(env, suppressed, textOf) : std::vector<std::string>();
  auto scheduler = new JavaScheduler;
  scheduler->driver = env->NewWeakGlobalRef(self);
  const auto& info = framework.first<FrameworkInfo>();
  scheduler->native = credential
      ? new MesosSchedulerDriver(scheduler, info, roles, master, implicit, one(env, TYPE(Credential), credential).first<Credential>())
      : new MesosSchedulerDriver(scheduler, info, roles, master, implicit);
  set(env, self, "__scheduler", scheduler);
  set(env, self, "__driver", scheduler->native);
}

NATIVE(void, finalize)(JNIEnv* env, jobject self) {
  delete &native(env, self);
  auto scheduler = reinterpret_cast<JavaScheduler*>(get(env, self, "__scheduler"));
  env->DeleteWeakGlobalRef(scheduler->driver);
  delete scheduler;
}

NATIVE(jobject, start)(JNIEnv* env, jobject self) { return javaStatus(env, native(env, self).start()); }
NATIVE(jobject, stop)(JNIEnv* env, jobject self, jboolean failover) { return javaStatus(env, native(env, self).stop(failover)); }
NATIVE(jobject, abort)(JNIEnv* env, jobject self) { return javaStatus(env, native(env, self).abort()); }
NATIVE(jobject, join)(JNIEnv* env, jobject self) { return javaStatus(env, native(env, self).join()); }

NATIVE(jobject, requestResources)(JNIEnv* env, jobject self, jobject requests) {
  return javaStatus(env, native(env, self).requestResources(all(env, TYPE(Request), requests)));
}
NATIVE(jobject, launchTasks__Ljava_util_Collection_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2)
(JNIEnv* env, jobject self, jobject offers, jobject tasks, jobject given) {
  return javaStatus(env, native(env, self).launchTasks(
      all(env, TYPE(OfferID), offers), all(env, TYPE(TaskInfo), tasks), filters(one(env, TYPE(Filters), given))));
}
NATIVE(jobject, launchTasks__Lorg_apache_mesos_Protos_00024OfferID_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2)
(JNIEnv* env, jobject self, jobject offer, jobject tasks, jobject given) {
  return javaStatus(env, native(env, self).launchTasks(
      one(env, TYPE(OfferID), offer).first<OfferID>(), all(env, TYPE(TaskInfo), tasks), filters(one(env, TYPE(Filters), given))));
}
NATIVE(jobject, acceptOffers__Ljava_util_Collection_2Ljava_util_Collection_2Lorg_apache_mesos_Protos_00024Filters_2)
(JNIEnv* env, jobject self, jobject offers, jobject operations, jobject given) {
  return javaStatus(env, native(env, self).acceptOffers(
      all(env, TYPE(OfferID), offers), all(env, TYPE(Offer_Operation), operations), filters(one(env, TYPE(Filters), given))));
}
NATIVE(jobject, killTask)(JNIEnv* env, jobject self, jobject task) {
  return javaStatus(env, native(env, self).killTask(one(env, TYPE(TaskID), task).first<TaskID>()));
}
NATIVE(jobject, declineOffer)(JNIEnv* env, jobject self, jobject offer, jobject given) {
  return javaStatus(env, native(env, self).declineOffer(one(env, TYPE(OfferID), offer).first<OfferID>(), filters(one(env, TYPE(Filters), given))));
}
NATIVE(jobject, reviveOffers__)(JNIEnv* env, jobject self) { return javaStatus(env, native(env, self).reviveOffers()); }
NATIVE(jobject, reviveOffers__Ljava_util_Collection_2)(JNIEnv* env, jobject self, jobject roles) {
  return javaStatus(env, native(env, self).reviveOffers(each(env, roles, textOf)));
}
NATIVE(jobject, suppressOffers__)(JNIEnv* env, jobject self) { return javaStatus(env, native(env, self).suppressOffers()); }
NATIVE(jobject, suppressOffers__Ljava_util_Collection_2)(JNIEnv* env, jobject self, jobject roles) {
  return javaStatus(env, native(env, self).suppressOffers(each(env, roles, textOf)));
}
NATIVE(jobject, acknowledgeStatusUpdate)(JNIEnv* env, jobject self, jobject status) {
  return javaStatus(env, native(env, self).acknowledgeStatusUpdate(one(env, TYPE(TaskStatus), status).first<TaskStatus>()));
}
NATIVE(jobject, sendFrameworkMessage)(JNIEnv* env, jobject self, jobject executor, jobject agent, jbyteArray data) {
  return javaStatus(env, native(env, self).sendFrameworkMessage(
      one(env, TYPE(ExecutorID), executor).first<ExecutorID>(), one(env, TYPE(SlaveID), agent).first<SlaveID>(), bytesOf(env, data)));
}
NATIVE(jobject, reconcileTasks)(JNIEnv* env, jobject self, jobject statuses) {
  return javaStatus(env, native(env, self).reconcileTasks(all(env, TYPE(TaskStatus), statuses)));
}
