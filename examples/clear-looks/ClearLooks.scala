package gov.usgs.lcmap.examples

import org.apache.spark.SparkFiles
import org.apache.spark.sql.SparkSession
import org.apache.spark.sql.functions._

import scala.io.Source

/** How often each pixel was seen without cloud, shadow or snow. */
object ClearLooks {
  def main(args: Array[String]): Unit = {
    val spark = SparkSession.builder.getOrCreate()
    import spark.implicits._

    val file = Source.fromFile(SparkFiles.get("observations.csv"))
    val lines = try file.getLines().toList finally file.close()
    val observations = spark.read.option("header", true).csv(lines.toDS())

    val clear = sum(when($"qa" === "clear", 1).otherwise(0))
    observations
      .groupBy($"pixel".cast("int").as("pixel"))
      .agg(count("*").as("looks"), clear.as("clear"))
      .orderBy($"pixel")
      .collect()
      .foreach(row => println(s"pixel ${row(0)}: ${row(2)} of ${row(1)} looks are clear"))
    spark.stop()
  }
}
