//! The keys that are pressed.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Up,
    Down,
    /// Pauses, or ends a pause.
    Pause,
    Sort,
    Yes,
    /// Any other key. It is a no.
    Other,
    /// The terminal has another size.
    Resized,
}

/// How long a thread waits for a key before it looks whether it is still needed.
const LOOK: Duration = Duration::from_millis(100);

/// Returns the keys. A thread of its own reads them, which ends with the receiver.
pub(super) fn keys() -> UnboundedReceiver<Key> {
    let (send, keys) = unbounded_channel();
    std::thread::spawn(move || {
        while !send.is_closed() {
            let key = match event::poll(LOOK) {
                Ok(false) => continue,
                Ok(true) => event::read().map(meaning),
                Err(error) => Err(error),
            };
            // A terminal that is gone ends the channel, and with it the command.
            let Ok(key) = key else { return };
            if key.is_some_and(|key| send.send(key).is_err()) {
                return;
            }
        }
    });
    keys
}

fn meaning(event: Event) -> Option<Key> {
    match event {
        Event::Key(key) if key.is_press() => Some(of_key(key)),
        Event::Resize(..) => Some(Key::Resized),
        _ => None,
    }
}

fn of_key(key: KeyEvent) -> Key {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Quit,
        KeyCode::Char('q') => Key::Quit,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::Char('p') => Key::Pause,
        KeyCode::Char('s') => Key::Sort,
        KeyCode::Char('y' | 'Y') => Key::Yes,
        _ => Key::Other,
    }
}
