//! A browser of one test.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel, WebElement};

use crate::driver::Driver;
use crate::wait::{DEADLINE, eventually};

const AXE: &str = include_str!("../../axe/axe.min.js");

/// Returns what axe finds: its severity, its rule, and the first elements.
const RUN_AXE: &str = r"
    const done = arguments[arguments.length - 1];
    const text = (found) => `${found.impact}: ${found.id}: ${found.nodes.slice(0, 3).map((node) => node.html + ' ' + node.failureSummary).join(' | ')}`;
    axe.run(document, { resultTypes: ['violations'] })
        .then((result) => done(result.violations.map(text)), (error) => done([String(error)]));
";

/// How a page is seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_dark: bool,
}

/// A phone and a desk, by day and by night.
pub(crate) const VIEWS: [View; 4] = [
    View { width: 1280, height: 800, is_dark: false },
    View { width: 1280, height: 800, is_dark: true },
    View { width: 360, height: 740, is_dark: false },
    View { width: 360, height: 740, is_dark: true },
];

/// What the browser is started with.
fn wanted(driver: &Driver) -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}/profile", driver.folder);
    for argument in [
        "--headless=new",
        "--remote-debugging-pipe",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        // A name that its owner has pointed at this machine.
        "--host-resolver-rules=MAP attacker.test 127.0.0.1",
        &profile,
    ] {
        wanted.add_arg(argument).unwrap();
    }
    // The sandbox cannot be used by root.
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        wanted.add_arg("--no-sandbox").unwrap();
    }
    wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All).unwrap();
    wanted
}

/// A browser, which ends with its driver.
pub(crate) struct Browser {
    pub(crate) tabs: WebDriver,
    // The last field: the driver ends after the session.
    _driver: Driver,
}

impl Browser {
    /// Starts it. The first start on a machine can hang, while Chromium makes its caches: then another one is started.
    pub(crate) async fn start() -> Self {
        for _ in 0..3 {
            let driver = Driver::start();
            let session = WebDriver::new(format!("http://127.0.0.1:{}", driver.port), wanted(&driver));
            match tokio::time::timeout(DEADLINE, session).await {
                Ok(session) => return Self { tabs: session.unwrap(), _driver: driver },
                Err(_) => eprintln!("Chromium has not started within {DEADLINE:?}: another one is started"),
            }
        }
        panic!("Chromium does not start");
    }

    /// Ends the session and the browser.
    pub(crate) async fn quit(self) {
        self.tabs.quit().await.unwrap();
    }

    pub(crate) async fn command(&self, method: &str, parameters: Value) -> Value {
        self.tabs.cdp().send_raw(method, parameters).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub(crate) async fn look(&self, view: View) {
        let View { width, height, is_dark } = view;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.command("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.tabs.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Prepares the page for [`axe`](Self::axe).
    pub(crate) async fn load_axe(&self) {
        self.run(AXE).await;
    }

    /// Returns what axe finds on the page.
    pub(crate) async fn axe(&self) -> Vec<String> {
        self.tabs.execute_async(RUN_AXE, Vec::new()).await.unwrap().convert().unwrap()
    }

    /// Returns what the console says since the last call.
    pub(crate) async fn console(&self) -> Vec<String> {
        let entries = self.tabs.browser_log().await.unwrap();
        entries.into_iter().map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }

    /// Returns what the page has loaded from other origins.
    pub(crate) async fn foreign(&self) -> Value {
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name) \
                      .filter((name) => new URL(name).origin !== location.origin)";
        self.run(script).await
    }

    /// Keeps a picture of the page in `target/`.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        self.tabs.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }

    /// Returns the text of the page; empty while another one is loaded.
    pub(crate) async fn text(&self) -> String {
        match self.tabs.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page contains a text.
    pub(crate) async fn sees(&self, text: &str) {
        eventually(&format!("the page contains `{text}`"), async || self.text().await.contains(text)).await;
    }

    /// Returns an element as soon as it is there.
    pub(crate) async fn find(&self, by: By) -> WebElement {
        let start = Instant::now();
        loop {
            match self.tabs.find(by.clone()).await {
                Ok(found) => return found,
                Err(_) if start.elapsed() < DEADLINE => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{by:?}: {error}: {}", self.text().await),
            }
        }
    }

    pub(crate) async fn press(&self, text: &str) {
        let button = self.find(By::XPath(format!("//button[normalize-space()='{text}']"))).await;
        button.click().await.unwrap();
    }
}
