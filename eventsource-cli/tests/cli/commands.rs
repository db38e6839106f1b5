//! Every command, against a SQLite file: `cases/`. `TRYCMD=overwrite` writes what the program prints now.

use eventsource_tests::backend::Sqlite;

use crate::world::with_letter;

#[tokio::test(flavor = "multi_thread")]
async fn command_prints_what_its_case_says() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let cases = trycmd::TestCases::new();
    cases.register_bin("eventsource", std::path::Path::new(env!("CARGO_BIN_EXE_eventsource")));
    cases.env("DATABASE_URL", world.file()).env("USER", "ada").case("tests/cli/cases/*.trycmd");
    tokio::task::spawn_blocking(move || cases.run()).await.unwrap();
}
