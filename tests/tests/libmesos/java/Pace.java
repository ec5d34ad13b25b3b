import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.MesosNativeLibrary;
import org.apache.mesos.MesosSchedulerDriver;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskStatus;
import org.apache.mesos.SchedulerDriver;

/**
 * How fast a driver is, and what it takes while it idles; a number and its name a line.
 * usage: Pace SCENARIO MASTER
 */
public class Pace {
  /** How many tasks are launched, or updates asked for, in one go; the first goes warm up. */
  static final int MANY = 5000, GOES = 5, WARM_UP = 2;

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "registered": registered(arguments[1]); break;
      case "launches": launches(arguments[1]); break;
      case "updates": updates(arguments[1]); break;
      case "idle": idle(arguments[1]); break;
      default: throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** From before the library is loaded until the program hears that it is registered. */
  static void registered(String master) throws Exception {
    long start = System.nanoTime();
    MesosNativeLibrary.load();
    Counter counter = new Counter();
    MesosSchedulerDriver driver = Conformance.driver(counter, master, true);
    driver.start();
    counter.registered.await();
    tell((System.nanoTime() - start) / 1e6, "ms");
    driver.stop();
  }

  /** Tasks launched one by one, as Spark does, on an offer that is gone: the master tells of each that it is lost. */
  static void launches(String master) throws Exception {
    Counter counter = new Counter();
    MesosSchedulerDriver driver = started(counter, master);
    Offer offer = counter.offer();
    driver.declineOffer(offer.getId());
    TaskInfo task = Conformance.task("task", "true", offer);
    List<OfferID> offers = Arrays.asList(offer.getId());
    measure(counter, i -> driver.launchTasks(offers, Arrays.asList(task), Conformance.NO_FILTERS));
    driver.stop();
  }

  /** Statuses of tasks that nobody knows. */
  static void updates(String master) throws Exception {
    Counter counter = new Counter();
    MesosSchedulerDriver driver = started(counter, master);
    measure(counter, i -> driver.killTask(Story.id("task-" + i)));
    driver.stop();
  }

  interface Call { void make(int i); }

  static void measure(Counter counter, Call call) throws Exception {
    for (int go = 0; go < GOES; go++) {
      long start = System.nanoTime(), ticks = ticks();
      for (int i = 0; i < MANY; i++) call.make(i);
      if (!counter.updates.tryAcquire(MANY, 120, TimeUnit.SECONDS)) throw new IllegalStateException("updates are missing");
      if (go < WARM_UP) continue;
      tell(MANY * 1e9 / (System.nanoTime() - start), "a second");
      tell((ticks() - ticks) * 10e3 / MANY, "ms of processor time a thousand");
    }
  }

  /** What a minute costs in which nothing happens but heartbeats, and what the library added to the process. */
  static void idle(String master) throws Exception {
    System.gc();
    long before = Conformance.resident();
    Counter counter = new Counter();
    MesosSchedulerDriver driver = started(counter, master);
    driver.suppressOffers();
    Thread.sleep(5000);
    long ticks = ticks();
    Thread.sleep(60000);
    tell((ticks() - ticks) * 10, "ms of processor time");
    tell((Conformance.resident() - before) / 1024.0, "MiB");
    driver.stop();
  }

  /** Processor time of this process, in hundredths of a second (proc(5)). */
  static long ticks() throws Exception {
    String stat = new String(Files.readAllBytes(Paths.get("/proc/self/stat")));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  static MesosSchedulerDriver started(Counter counter, String master) throws Exception {
    MesosSchedulerDriver driver = Conformance.driver(counter, master, true);
    driver.start();
    counter.registered.await();
    return driver;
  }

  static void tell(double number, String what) { Conformance.say(String.format(java.util.Locale.ROOT, "%.3f %s", number, what)); }

  /** Counts updates. */
  static class Counter extends Conformance.Recorder {
    final CountDownLatch registered = new CountDownLatch(1);
    final Semaphore updates = new Semaphore(0);

    @Override public void registered(SchedulerDriver driver, FrameworkID id, MasterInfo master) { registered.countDown(); }
    @Override public void statusUpdate(SchedulerDriver driver, TaskStatus status) { updates.release(); }
    @Override public void resourceOffers(SchedulerDriver driver, List<Offer> given) { offers.addAll(given); }
  }
}
