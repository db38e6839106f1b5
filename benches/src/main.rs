//! Compares the library with plain loops on the raw driver, and prints the table of `BENCHMARKS.md`.

use eventsource_benches::machine;
use eventsource_benches::settings::Settings;
use eventsource_benches::table::{self, Row};
use eventsource_benches::works::{ALL, peak};

#[tokio::main]
async fn main() {
    let settings = Settings::parse();
    if settings.list {
        ALL.iter().for_each(|work| println!("{}", work.name));
        return;
    }
    if !settings.peak_of.is_empty() {
        peak::child(&settings.peak_of).await;
        return;
    }
    tempfile::env::override_temp_dir(&settings.folder).expect("the folder is set once");
    if !settings.tiny {
        println!("{}\n\n{}", machine::describe(&settings).await, table::HEAD);
    }
    for work in ALL.iter().filter(|work| settings.wants(work.name)) {
        let rows = tokio::spawn((work.run)(settings.clone())).await.expect("the work is done");
        if settings.tiny {
            println!("{}: what comes out is right", work.name);
        } else {
            rows.iter().map(Row::line).for_each(|line| println!("{line}"));
        }
    }
}
