//! The dashboard in Chromium: how it looks, what it lets a hostile text do, and what happens while a page is open.

mod browser;
mod databases;
mod driver;
mod forms;
mod hostile;
mod live;
mod screens;
mod site;
mod stepper;
mod wait;
