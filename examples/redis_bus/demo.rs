//! All three processes at once.

use std::process::Stdio;
use std::time::Duration;

use eventsource_redis::RedisClient;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::Result;

const ORDERS: usize = 5;

/// How long a process has for its next line.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of this program. It is killed when this is dropped.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(arguments).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// Prints the next `count` lines.
    async fn print(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let line = timeout(PATIENCE, self.lines.next_line()).await?;
            println!("{}", line?.ok_or("a process has ended early")?);
        }
        Ok(())
    }
}

pub async fn run() -> Result<()> {
    RedisClient::open(crate::options())?.ping().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orders.db");
    let file = file.to_str().ok_or("the path of the temporary folder is no text")?;
    let mut consumer = Process::start(&["consume"])?;
    consumer.print(1).await?;
    let mut live = Process::start(&["live", file])?;
    live.print(1).await?;
    let mut writer = Process::start(&["append", file, &ORDERS.to_string()])?;
    tokio::try_join!(writer.print(ORDERS), live.print(ORDERS), consumer.print(ORDERS))?;
    match writer.child.wait().await?.success() {
        true => Ok(()),
        false => Err("the process that appends has failed".into()),
    }
}
