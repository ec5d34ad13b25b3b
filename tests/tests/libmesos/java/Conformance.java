import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.MesosNativeLibrary;
import org.apache.mesos.MesosSchedulerDriver;
import org.apache.mesos.Protos.CommandInfo;
import org.apache.mesos.Protos.Credential;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.Filters;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.Request;
import org.apache.mesos.Protos.Resource;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.Status;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.apache.mesos.Protos.Value;
import org.apache.mesos.Scheduler;
import org.apache.mesos.SchedulerDriver;

/**
 * Calls every method of a scheduler driver and prints what comes of it, a line each, for a test to compare.
 * usage: Conformance SCENARIO MASTER
 */
public class Conformance {
  static final Filters NO_FILTERS = Filters.newBuilder().setRefuseSeconds(0).build();

  public static void main(String[] arguments) throws Exception {
    String master = arguments[1];
    switch (arguments[0]) {
      case "methods": methods(master); break;
      case "tasks": tasks(master); break;
      case "explicit": explicit(master); break;
      case "exception": exception(master); break;
      case "error": error(master); break;
      case "address": address(master); break;
      case "disconnected": disconnected(master); break;
      case "collected": collected(master); break;
      case "soak": soak(master); break;
      case "newer": newer(master); break;
      default: throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Every method before the start, while it runs, and after the stop. */
  static void methods(String master) throws Exception {
    Recorder recorder = new Recorder();
    MesosSchedulerDriver driver = driver(recorder, master, true);
    MesosNativeLibrary.Version version = MesosNativeLibrary.version();
    say("version " + version.major + "." + version.minor + "." + version.patch);
    everyMethod("before", driver);
    say("join " + driver.join());
    say("stop " + driver.stop());
    say("start " + driver.start());
    say("start again " + driver.start());
    recorder.await("registered");
    everyMethod("running", driver);
    say("stop " + driver.stop());
    everyMethod("after", driver);
    say("stop again " + driver.stop());
    say("abort " + driver.abort());
    say("join " + driver.join());
  }

  static void everyMethod(String when, SchedulerDriver driver) {
    OfferID offer = OfferID.newBuilder().setValue("no-such-offer").build();
    TaskID task = TaskID.newBuilder().setValue("no-such-task").build();
    SlaveID agent = SlaveID.newBuilder().setValue("no-such-agent").build();
    ExecutorID executor = ExecutorID.newBuilder().setValue("no-such-executor").build();
    TaskStatus status = TaskStatus.newBuilder().setTaskId(task).setState(TaskState.TASK_RUNNING).build();
    Collection<OfferID> offers = Collections.singletonList(offer);
    say(when + " requestResources " + driver.requestResources(Collections.<Request>emptyList()));
    say(when + " declineOffer " + driver.declineOffer(offer, NO_FILTERS));
    say(when + " declineOffer " + driver.declineOffer(offer));
    say(when + " launchTasks " + driver.launchTasks(offers, Collections.<TaskInfo>emptyList(), NO_FILTERS));
    say(when + " launchTasks " + driver.launchTasks(offers, Collections.<TaskInfo>emptyList()));
    say(when + " launchTasks " + driver.launchTasks(offer, Collections.<TaskInfo>emptyList(), NO_FILTERS));
    say(when + " launchTasks " + driver.launchTasks(offer, Collections.<TaskInfo>emptyList()));
    say(when + " acceptOffers " + driver.acceptOffers(offers, Collections.<Offer.Operation>emptyList(), NO_FILTERS));
    say(when + " killTask " + driver.killTask(task));
    say(when + " reviveOffers " + driver.reviveOffers());
    say(when + " suppressOffers " + driver.suppressOffers());
    say(when + " sendFrameworkMessage " + driver.sendFrameworkMessage(executor, agent, new byte[] {1, 2}));
    say(when + " reconcileTasks " + driver.reconcileTasks(Collections.singletonList(status)));
  }

  /** Tasks through each way to launch them. */
  static void tasks(String master) throws Exception {
    Recorder recorder = new Recorder();
    MesosSchedulerDriver driver = driver(recorder, master, true);
    driver.start();
    recorder.await("registered");
    Offer offer = recorder.offer();
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(task("list", "true", offer)), NO_FILTERS);
    recorder.await("list TASK_FINISHED");
    offer = recorder.offer();
    driver.launchTasks(offer.getId(), Arrays.asList(task("single", "exit 3", offer)), NO_FILTERS);
    recorder.await("single TASK_FAILED");
    offer = recorder.offer();
    Offer.Operation.Launch launch = Offer.Operation.Launch.newBuilder().addTaskInfos(task("operation", "sleep 60", offer)).build();
    Offer.Operation operation = Offer.Operation.newBuilder().setType(Offer.Operation.Type.LAUNCH).setLaunch(launch).build();
    driver.acceptOffers(Arrays.asList(offer.getId()), Arrays.asList(operation), NO_FILTERS);
    recorder.await("operation TASK_RUNNING");
    driver.killTask(TaskID.newBuilder().setValue("operation").build());
    recorder.await("operation TASK_KILLED");
    driver.launchTasks(offer.getId(), Arrays.asList(task("stale", "true", offer)), NO_FILTERS);
    recorder.await("stale TASK_LOST");
    say("stop " + driver.stop());
  }

  /** Acknowledgements by the program; and that they are refused where the driver makes them. */
  static void explicit(String master) throws Exception {
    Recorder recorder = new Recorder();
    MesosSchedulerDriver driver = driver(recorder, master, false);
    driver.start();
    recorder.await("registered");
    Offer offer = recorder.offer();
    driver.launchTasks(offer.getId(), Arrays.asList(task("one", "true", offer)), NO_FILTERS);
    // Mesos sends an update only after the one before it is acknowledged.
    say("acknowledge " + driver.acknowledgeStatusUpdate(recorder.status("one TASK_STARTING")));
    say("acknowledge " + driver.acknowledgeStatusUpdate(recorder.status("one TASK_RUNNING")));
    say("acknowledge " + driver.acknowledgeStatusUpdate(recorder.status("one TASK_FINISHED")));
    driver.stop();
    MesosSchedulerDriver implicit = driver(new Recorder(), master, true);
    implicit.start();
    try {
      implicit.acknowledgeStatusUpdate(TaskStatus.newBuilder().setTaskId(TaskID.newBuilder().setValue("x")).setState(TaskState.TASK_RUNNING).build());
      say("no exception");
    } catch (IllegalStateException expected) {
      say("refused");
    }
    say("stop " + implicit.stop());
  }

  /** A callback that throws aborts the driver. */
  static void exception(String master) throws Exception {
    Recorder recorder = new Recorder() {
      @Override public void registered(SchedulerDriver driver, FrameworkID id, MasterInfo info) {
        super.registered(driver, id, info);
        throw new RuntimeException("on purpose");
      }
    };
    MesosSchedulerDriver driver = driver(recorder, master, true);
    say("run " + driver.run());
    say("killTask " + driver.killTask(TaskID.newBuilder().setValue("x").build()));
    say("stop " + driver.stop());
    say("join " + driver.join());
  }

  /** A master that refuses: the driver is aborted before the program hears of it. */
  static void error(String master) throws Exception {
    Recorder recorder = new Recorder() {
      @Override public void error(SchedulerDriver driver, String message) {
        say("within error: " + driver.reviveOffers());
        super.error(driver, message);
      }
    };
    FrameworkInfo framework = framework().toBuilder().setRole("unlisted").build();
    MesosSchedulerDriver driver = new MesosSchedulerDriver(recorder, framework, master);
    say("run " + driver.run());
    recorder.await("error");
    say("stop " + driver.stop());
  }

  /** A master's address that is none. */
  static void address(String master) throws Exception {
    Thread caller = Thread.currentThread();
    Recorder recorder = new Recorder() {
      @Override public void error(SchedulerDriver driver, String message) {
        say("error within start " + (Thread.currentThread() == caller));
      }
    };
    MesosSchedulerDriver driver = driver(recorder, "zk://nowhere", true);
    say("start " + driver.start());
    say("join " + driver.join());
    say("start " + driver.start());
  }

  /** What is launched without a master is lost; afterwards everything goes on. */
  static void disconnected(String master) throws Exception {
    Recorder recorder = new Recorder();
    MesosSchedulerDriver driver = driver(recorder, master, true);
    driver.start();
    recorder.await("registered");
    Offer offer = recorder.offer();
    say("kill the master");
    recorder.await("disconnected");
    driver.launchTasks(offer.getId(), Arrays.asList(task("lost", "true", offer)), NO_FILTERS);
    TaskStatus lost = recorder.status("lost TASK_LOST");
    say("on its agent " + lost.getSlaveId().equals(offer.getSlaveId()));
    say("start the master");
    recorder.await("reregistered");
    say("stop " + driver.stop());
  }

  /** Drivers that were never started, and one that was stopped, are collected without harm. */
  static void collected(String master) throws Exception {
    for (int i = 0; i < 2000; i++) driver(new Recorder(), master, true);
    MesosSchedulerDriver stopped = driver(new Recorder(), master, true);
    stopped.start();
    stopped.stop();
    stopped = null;
    for (int i = 0; i < 5; i++) {
      System.gc();
      System.runFinalization();
      Thread.sleep(50);
    }
    say("done");
  }

  /** What Mesos 1.9 and 1.11 added, by reflection: older classes have to compile this too. */
  static void newer(String master) throws Exception {
    Recorder recorder = new Recorder();
    MesosSchedulerDriver driver = driver(recorder, master, true);
    driver.start();
    recorder.await("registered");
    driver.declineOffer(recorder.offer().getId(), NO_FILTERS);
    Collection<String> all = Collections.singletonList("*");
    for (Method method : MesosSchedulerDriver.class.getMethods()) {
      String name = method.getName();
      Class<?>[] types = method.getParameterTypes();
      if (name.equals("suppressOffers") && types.length == 1) say("suppressOffers " + method.invoke(driver, all));
      if (name.equals("reviveOffers") && types.length == 1) say("reviveOffers " + method.invoke(driver, all));
      if (name.equals("updateFramework")) {
        FrameworkInfo framework = framework().toBuilder().setId(recorder.id).setName("renamed").build();
        Object constraints = types.length == 3 ? types[2].getMethod("getDefaultInstance").invoke(null) : null;
        Object status = types.length == 3 ? method.invoke(driver, framework, Collections.emptyList(), constraints) : method.invoke(driver, framework, Collections.emptyList());
        say("updateFramework with " + types.length + " arguments " + status);
      }
    }
    driver.reconcileTasks(Collections.singletonList(TaskStatus.newBuilder().setTaskId(TaskID.newBuilder().setValue("last")).setState(TaskState.TASK_RUNNING).build()));
    recorder.await("last TASK_LOST");
    say("stop " + driver.stop());
  }

  /** Offers, each declined, and tasks on an offer that is gone, of each of which the master tells that it is lost: what stays. */
  static void soak(String master) throws Exception {
    CountDownLatch registered = new CountDownLatch(1);
    Semaphore offered = new Semaphore(0), answers = new Semaphore(0);
    Offer[] gone = new Offer[1];
    Scheduler scheduler = new Recorder() {
      @Override public void registered(SchedulerDriver driver, FrameworkID id, MasterInfo info) { registered.countDown(); }
      @Override public void statusUpdate(SchedulerDriver driver, TaskStatus status) { answers.release(); }
      @Override public void resourceOffers(SchedulerDriver driver, List<Offer> offers) {
        gone[0] = offers.get(0);
        for (Offer offer : offers) driver.declineOffer(offer.getId(), NO_FILTERS);
        offered.release(offers.size());
      }
    };
    MesosSchedulerDriver driver = driver(scheduler, master, true);
    driver.start();
    registered.await();
    long before = 0;
    for (int round = 0; round < 8; round++) {
      if (!offered.tryAcquire(500, 60, TimeUnit.SECONDS)) throw new IllegalStateException("offers are missing");
      Offer offer = gone[0];
      List<OfferID> offers = Arrays.asList(offer.getId());
      for (int i = 0; i < 5000; i++) driver.launchTasks(offers, Arrays.asList(task("t" + i, "true", offer)), NO_FILTERS);
      if (!answers.tryAcquire(5000, 60, TimeUnit.SECONDS)) throw new IllegalStateException("answers are missing");
      System.err.println("round " + round + ": resident " + resident() + " KiB");
      if (round == 3) before = resident();
    }
    say("grown " + (resident() - before));
    say("stop " + driver.stop());
  }

  /** Resident memory of this process, in KiB. */
  static long resident() throws Exception {
    for (String line : Files.readAllLines(Paths.get("/proc/self/status")))
      if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("[^0-9]", ""));
    throw new IllegalStateException("no VmRSS");
  }

  static MesosSchedulerDriver driver(Scheduler scheduler, String master, boolean implicit) {
    return new MesosSchedulerDriver(scheduler, framework(), master, implicit);
  }

  static FrameworkInfo framework() {
    return FrameworkInfo.newBuilder().setUser("root").setName("conformance").setFailoverTimeout(60).build();
  }

  static TaskInfo task(String id, String command, Offer offer) {
    return TaskInfo.newBuilder().setName(id).setTaskId(TaskID.newBuilder().setValue(id)).setSlaveId(offer.getSlaveId())
        .addResources(scalar("cpus", 0.5)).addResources(scalar("mem", 64))
        .setCommand(CommandInfo.newBuilder().setValue(command)).build();
  }

  static Resource scalar(String name, double amount) {
    return Resource.newBuilder().setName(name).setType(Value.Type.SCALAR).setScalar(Value.Scalar.newBuilder().setValue(amount)).build();
  }

  static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  /** Notes every callback; offers that nobody waits for are kept until somebody does. */
  static class Recorder implements Scheduler {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final BlockingQueue<TaskStatus> statuses = new LinkedBlockingQueue<>();
    final BlockingQueue<Offer> offers = new LinkedBlockingQueue<>();
    volatile Thread thread;

    void note(String event) {
      if (thread == null) thread = Thread.currentThread();
      if (thread != Thread.currentThread()) say("another thread: " + event);
      if (!Thread.currentThread().isDaemon()) say("no daemon: " + event);
      events.add(event);
    }

    /** Waits for this event, or one that begins with it; says it. */
    void await(String wanted) throws InterruptedException {
      for (;;) {
        String event = events.poll(40, TimeUnit.SECONDS);
        if (event == null) throw new IllegalStateException("no " + wanted);
        if (event.startsWith(wanted)) {
          say(event);
          return;
        }
      }
    }

    Offer offer() throws InterruptedException {
      Offer offer = offers.poll(40, TimeUnit.SECONDS);
      if (offer == null) throw new IllegalStateException("no offer");
      return offer;
    }

    TaskStatus status(String wanted) throws InterruptedException {
      for (;;) {
        TaskStatus status = statuses.poll(40, TimeUnit.SECONDS);
        if (status == null) throw new IllegalStateException("no status " + wanted);
        if (wanted.equals(status.getTaskId().getValue() + " " + status.getState())) {
          say(wanted);
          return status;
        }
      }
    }

    volatile FrameworkID id;

    public void registered(SchedulerDriver driver, FrameworkID given, MasterInfo master) {
      id = given;
      note("registered " + !given.getValue().isEmpty() + " " + master.getPort());
    }
    public void reregistered(SchedulerDriver driver, MasterInfo master) { note("reregistered " + master.getPort()); }
    public void disconnected(SchedulerDriver driver) { note("disconnected"); }
    public void resourceOffers(SchedulerDriver driver, List<Offer> given) { note("resourceOffers"); offers.addAll(given); }
    public void offerRescinded(SchedulerDriver driver, OfferID offer) { note("offerRescinded"); }
    public void statusUpdate(SchedulerDriver driver, TaskStatus status) {
      statuses.add(status);
      note(status.getTaskId().getValue() + " " + status.getState());
    }
    public void frameworkMessage(SchedulerDriver driver, ExecutorID executor, SlaveID agent, byte[] data) { note("frameworkMessage"); }
    public void slaveLost(SchedulerDriver driver, SlaveID agent) { note("slaveLost"); }
    public void executorLost(SchedulerDriver driver, ExecutorID executor, SlaveID agent, int status) { note("executorLost"); }
    public void error(SchedulerDriver driver, String message) { note("error " + message); }
  }
}
