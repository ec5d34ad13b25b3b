//! Every example that runs to an end does, with real Spark, and prints what it should.

use lcmap_spark_tests::{LcmapSpark, bed, says};

fn output_of(example: &str) -> String {
    LcmapSpark::run(bed::example(example)).finish().succeeded().stdout
}

#[test]
fn pi_is_roughly_pi() {
    assert_eq!(output_of("pi"), "Pi is roughly 3.1412\n");
}

#[test]
fn landcover_counts_what_changed() {
    let output = output_of("landcover");
    says(&output, &["from        to          pixels\n", "tree        grass           10\n"]);
    assert!(output.ends_with("38 of 120 pixels changed\n"), "{output}");
}

#[test]
fn ndvi_finds_its_own_module_in_driver_and_workers() {
    let expected = "season    ndvi  clear\n\
                    winter    0.27     29\n\
                    spring    0.38     65\n\
                    summer    0.49     71\n\
                    autumn    0.37     66\n";
    assert_eq!(output_of("ndvi"), expected);
}

#[test]
fn clear_looks_runs_the_main_class_of_a_jar() {
    let output = output_of("clear-looks");
    assert_eq!(output.lines().count(), 10);
    says(&output, &["pixel 0: 25 of 46 looks are clear\n", "pixel 9: 19 of 46 looks are clear\n"]);
}

#[test]
fn anatomy_goes_through_its_five_steps() {
    let output = output_of("anatomy");
    assert_eq!(output.lines().count(), 11);
    says(&output, &["pixel  from        to          change\n", "3      2016-03-25  2016-05-04   +0.15\n"]);
}

#[test]
fn sum_runs_a_program_of_the_image_from_the_folder_that_stands_for_it() {
    let folder = bed::repository("examples/sum");
    let map = format!("/home/lcmap={}", folder.display());
    let run = LcmapSpark::run(bed::example("sum")).args(["--map", &map]).finish().succeeded();
    assert_eq!(run.stdout, "The sum of 0, 1 and 2 is 3\n");
}
