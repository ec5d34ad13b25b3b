import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.MesosSchedulerDriver;
import org.apache.mesos.Protos.CommandInfo;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.ExecutorInfo;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.apache.mesos.Scheduler;
import org.apache.mesos.SchedulerDriver;

/**
 * What happens to a framework, told in full: every callback in its order, with what it brings. The same story must come of two
 * libraries, so that ids and times are left out of it.
 * usage: Story SCENARIO MASTER
 */
public class Story {
  public static void main(String[] arguments) throws Exception {
    Teller teller = new Teller();
    String master = arguments[1];
    switch (arguments[0]) {
      case "tasks": tasks(teller, master); break;
      case "mistakes": mistakes(teller, master); break;
      case "reconciliation": reconciliation(teller, master); break;
      case "executors": executors(teller, master); break;
      case "agent": agent(teller, master); break;
      case "master": master(teller, master); break;
      case "failover": failover(teller, master); break;
      default: throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** A task that succeeds, one that fails, one that is killed. */
  static void tasks(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    launch(driver, teller, "succeeds", "true");
    teller.await("succeeds TASK_FINISHED");
    launch(driver, teller, "fails", "exit 3");
    teller.await("fails TASK_FAILED");
    launch(driver, teller, "waits", "sleep 60");
    teller.await("waits TASK_RUNNING");
    driver.killTask(id("waits"));
    teller.await("waits TASK_KILLED");
    say("stop " + driver.stop());
  }

  /** What Mesos refuses. */
  static void mistakes(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    Offer offer = teller.offer();
    TaskInfo greedy = task("greedy", "true", offer).toBuilder().addResources(Conformance.scalar("cpus", 1000)).build();
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(greedy));
    teller.await("greedy TASK_ERROR");
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(task("late", "true", offer)));
    teller.await("late TASK_LOST");
    driver.killTask(id("unknown"));
    teller.await("unknown TASK_LOST");
    driver.sendFrameworkMessage(ExecutorID.newBuilder().setValue("nobody").build(), offer.getSlaveId(), new byte[] {1});
    offer = teller.offer();
    TaskInfo twice = task("twice", "sleep 60", offer);
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(twice, twice));
    teller.await("twice TASK_RUNNING");
    say("stop " + driver.stop());
  }

  /** What is known of tasks: of one, of all, of one that is unknown. */
  static void reconciliation(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    launch(driver, teller, "runs", "sleep 60");
    TaskStatus running = teller.await("runs TASK_RUNNING").status;
    driver.reconcileTasks(Collections.singletonList(running));
    teller.await("runs TASK_RUNNING");
    driver.reconcileTasks(Collections.<TaskStatus>emptyList());
    teller.await("runs TASK_RUNNING");
    driver.reconcileTasks(Collections.singletonList(running.toBuilder().setTaskId(id("unknown")).build()));
    teller.await("unknown TASK_LOST");
    say("stop " + driver.stop());
  }

  /** An executor of the program's own: one that answers what it is sent, and one that ends with an error. */
  static void executors(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    Offer offer = teller.offer();
    ExecutorInfo broken = executor("broken", "exit 7");
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(withExecutor("orphan", broken, offer)));
    teller.await("executorLost");
    offer = teller.offer();
    ExecutorInfo echo = executor("echo", "exec " + System.getenv("LCMAP_BED_EXECUTOR"));
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(withExecutor("talks", echo, offer)));
    teller.await("talks TASK_RUNNING");
    driver.sendFrameworkMessage(echo.getExecutorId(), offer.getSlaveId(), "how are you?".getBytes(StandardCharsets.UTF_8));
    teller.await("frameworkMessage");
    say("stop " + driver.stop());
  }

  /** The agent of a running task is killed. */
  static void agent(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    launch(driver, teller, "lost", "sleep 60");
    teller.await("lost TASK_RUNNING");
    say("kill the agent");
    teller.await("slaveLost");
    say("stop " + driver.stop());
  }

  /** The leading master is killed and another leads, to whom the offers of the first are nothing. */
  static void master(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = started(teller, master);
    Offer offer = teller.offer();
    say("kill the master");
    teller.await("disconnected");
    teller.await("registered");
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(task("late", "true", offer)));
    teller.await("late TASK_LOST");
    say("stop " + driver.stop());
  }

  /** One driver takes over from another. */
  static void failover(Teller teller, String master) throws Exception {
    MesosSchedulerDriver first = started(teller, master);
    launch(first, teller, "goes on", "sleep 60");
    teller.await("goes on TASK_RUNNING");
    Thread.sleep(1000); // until the master has heard of the acknowledgement
    FrameworkInfo known = Conformance.framework().toBuilder().setId(teller.framework).build();
    Teller successor = new Teller();
    MesosSchedulerDriver second = new MesosSchedulerDriver(successor, known, master);
    second.start();
    successor.await("registered");
    teller.await("error");
    say("the first has " + first.join());
    second.reconcileTasks(Collections.<TaskStatus>emptyList());
    successor.await("goes on TASK_RUNNING");
    say("stop, to be succeeded " + second.stop(true));
    Teller third = new Teller();
    MesosSchedulerDriver last = new MesosSchedulerDriver(third, known, master);
    last.start();
    third.await("registered");
    say("stop " + last.stop());
  }

  static MesosSchedulerDriver started(Teller teller, String master) throws Exception {
    MesosSchedulerDriver driver = new MesosSchedulerDriver(teller, Conformance.framework(), master);
    driver.start();
    teller.await("registered");
    return driver;
  }

  static void launch(SchedulerDriver driver, Teller teller, String name, String command) throws Exception {
    Offer offer = teller.offer();
    driver.launchTasks(Arrays.asList(offer.getId()), Arrays.asList(task(name, command, offer)));
  }

  static TaskInfo task(String name, String command, Offer offer) { return Conformance.task(name, command, offer); }

  static TaskInfo withExecutor(String name, ExecutorInfo executor, Offer offer) {
    return task(name, "", offer).toBuilder().clearCommand().setExecutor(executor).build();
  }

  static ExecutorInfo executor(String name, String command) {
    return ExecutorInfo.newBuilder().setExecutorId(ExecutorID.newBuilder().setValue(name)).setName(name)
        .addResources(Conformance.scalar("mem", 32)).setCommand(CommandInfo.newBuilder().setValue(command)).build();
  }

  static TaskID id(String task) { return TaskID.newBuilder().setValue(task).build(); }

  static void say(String line) { Conformance.say(line); }

  /** Something that happened. */
  static class Event {
    final String text;
    final TaskStatus status;
    Event(String text, TaskStatus status) {
      this.text = text;
      this.status = status;
    }
  }

  /** Tells every callback but those of offers, which come as they please. */
  static class Teller implements Scheduler {
    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    final BlockingQueue<Offer> offers = new LinkedBlockingQueue<>();
    volatile FrameworkID framework;

    /** Waits until this happens; tells all that happens until then. */
    Event await(String wanted) throws InterruptedException {
      for (;;) {
        Event event = events.poll(90, TimeUnit.SECONDS);
        if (event == null) throw new IllegalStateException("no " + wanted);
        say(event.text);
        if (event.text.contains(wanted)) return event;
      }
    }

    /** The newest offer, since older ones may be gone. */
    Offer offer() throws InterruptedException {
      Offer offer = offers.poll(40, TimeUnit.SECONDS);
      if (offer == null) throw new IllegalStateException("no offer");
      for (Offer newer; (newer = offers.poll()) != null;) offer = newer;
      return offer;
    }

    void happens(String text) { events.add(new Event(text, null)); }

    public void registered(SchedulerDriver driver, FrameworkID id, MasterInfo master) {
      framework = id;
      happens("registered with a master at " + master.getPort());
    }
    public void reregistered(SchedulerDriver driver, MasterInfo master) {
      happens("reregistered with a master at " + master.getPort());
    }
    public void disconnected(SchedulerDriver driver) { happens("disconnected"); }
    public void resourceOffers(SchedulerDriver driver, List<Offer> given) { offers.addAll(given); }
    public void offerRescinded(SchedulerDriver driver, OfferID offer) { happens("offerRescinded"); }
    public void frameworkMessage(SchedulerDriver driver, ExecutorID executor, SlaveID agent, byte[] data) {
      happens("frameworkMessage of " + executor.getValue() + ": " + new String(data, StandardCharsets.UTF_8));
    }
    public void slaveLost(SchedulerDriver driver, SlaveID agent) { happens("slaveLost " + !agent.getValue().isEmpty()); }
    public void executorLost(SchedulerDriver driver, ExecutorID executor, SlaveID agent, int status) {
      happens("executorLost " + executor.getValue() + " " + status);
    }
    public void error(SchedulerDriver driver, String message) { happens("error " + message); }
    public void statusUpdate(SchedulerDriver driver, TaskStatus status) {
      String text = status.getTaskId().getValue() + " " + status.getState() + " " + status.getSource()
          + (status.hasReason() ? " " + status.getReason() : "")
          + (status.hasMessage() ? " '" + status.getMessage().replaceAll("[0-9a-f-]{36}-[A-Z]?[0-9]+", "<id>") + "'" : "")
          + (status.hasSlaveId() ? " agent" : "") + (status.hasExecutorId() ? " executor" : "")
          + (status.hasUuid() ? " uuid" : "") + (status.hasTimestamp() ? " timestamp" : "")
          + (status.hasHealthy() ? " healthy" : "") + (status.hasContainerStatus() ? " container" : "")
          + (status.hasData() ? " data" : "");
      events.add(new Event(text, status));
    }
  }
}
