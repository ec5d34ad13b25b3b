import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** A shuffle, for a Spark whose Python is older than anybody's: the numbers to a thousand, summed by their last digit. */
public class Sum {
  public static void main(String[] arguments) {
    try (JavaSparkContext context = new JavaSparkContext()) {
      List<Integer> numbers = new ArrayList<>();
      for (int i = 1; i <= 1000; i++) numbers.add(i);
      JavaPairRDD<Integer, Integer> byDigit = context.parallelize(numbers, 4).mapToPair(n -> new Tuple2<>(n % 10, n));
      System.out.println("the sum of those in 7 is " + byDigit.reduceByKey(Integer::sum).lookup(7).get(0));
    }
  }
}
