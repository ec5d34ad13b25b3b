import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.mesos.MesosSchedulerDriver;
import org.apache.mesos.Protos.TaskID;

/**
 * Programs that somebody supervises, by the state files of the library.
 * usage: Supervised SCENARIO MASTER
 */
public class Supervised {
  public static void main(String[] arguments) throws Exception {
    String master = arguments[1];
    switch (arguments[0]) {
      case "several": several(master); break;
      case "successive": successive(master); break;
      case "debt": debt(master); break;
      case "silent": silent(master); break;
      case "rotation": rotation(master); break;
      default: throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Two drivers at once, of which one is stopped. */
  static void several(String master) throws Exception {
    Conformance.Recorder first = new Conformance.Recorder(), second = new Conformance.Recorder();
    MesosSchedulerDriver one = started(first, master), other = started(second, master);
    say(first.id.getValue() + " and " + second.id.getValue());
    other.stop();
    say("look");
    untilTold();
    one.stop();
  }

  /** One driver after the other. */
  static void successive(String master) throws Exception {
    for (int i = 0; i < 3; i++) {
      Conformance.Recorder recorder = new Conformance.Recorder();
      MesosSchedulerDriver driver = started(recorder, master);
      say(recorder.id.getValue());
      driver.stop();
    }
  }

  /** A stop when there is no master. */
  static void debt(String master) throws Exception {
    Conformance.Recorder recorder = new Conformance.Recorder();
    MesosSchedulerDriver driver = started(recorder, master);
    say("kill the master");
    recorder.await("disconnected");
    say("stop " + driver.stop());
  }

  /** A stop towards a master that says nothing any more. */
  static void silent(String master) throws Exception {
    MesosSchedulerDriver driver = started(new Conformance.Recorder(), master);
    say("freeze the master");
    untilTold();
    say("stop " + driver.stop());
  }

  /** A master that is lost, and found again with other certificates. */
  static void rotation(String master) throws Exception {
    Conformance.Recorder recorder = new Conformance.Recorder();
    MesosSchedulerDriver driver = started(recorder, master);
    say("rotate");
    recorder.await("disconnected");
    recorder.await("reregistered");
    driver.killTask(TaskID.newBuilder().setValue("unknown").build());
    recorder.await("unknown TASK_LOST");
    say("stop " + driver.stop());
  }

  /** Waits for the test, which has something to do first. */
  static void untilTold() throws Exception {
    while (!Files.exists(Paths.get(System.getenv("LCMAP_BED"), "go"))) Thread.sleep(50);
  }

  static MesosSchedulerDriver started(Conformance.Recorder recorder, String master) throws Exception {
    MesosSchedulerDriver driver = Conformance.driver(recorder, master, true);
    driver.start();
    recorder.await("registered");
    return driver;
  }

  static void say(String line) { Conformance.say(line); }
}
