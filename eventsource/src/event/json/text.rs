//! Checks that a text is JSON, and is not nested too deep.

use crate::event::unstorable::{MAX_DEPTH, Step, Stopped, Unstorable, UnstorableReason, path};

/// Checks that `text` is JSON that can be read back. Paths in errors begin with `root`.
pub(crate) fn check(root: &str, text: &str) -> Result<(), Unstorable> {
    scan(text, 0).map_err(|bad| Unstorable::new(path(root, bad.steps.into_iter()), bad.reason))
}

/// The error in a text, and the steps to it from the outermost value.
#[derive(Debug)]
pub(super) struct Bad {
    reason: UnstorableReason,
    steps: Vec<Step>,
}

impl Bad {
    pub(super) fn stopped(self) -> Stopped {
        self.steps.into_iter().rev().fold(Stopped::new(self.reason), Stopped::within)
    }
}

/// An open array or object.
enum Open {
    Array { index: usize },
    Object { key: (usize, usize) },
}

/// What can come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// After `[`.
    ValueOrEnd,
    /// After `{`.
    KeyOrEnd,
    Key,
    /// After a value.
    CommaOrEnd,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
}

/// Scans a value that is nested in `levels` others.
pub(super) fn scan(text: &str, levels: usize) -> Result<(), Bad> {
    let mut scanner = Scanner { text, at: 0, open: Vec::new() };
    scanner.value(MAX_DEPTH.saturating_sub(levels)).map_err(|reason| {
        let steps = scanner.open.iter().map(|open| match open {
            Open::Array { index } => Step::Index(*index),
            Open::Object { key: (start, end) } => Step::Key(text.get(*start..*end).unwrap_or_default().to_owned()),
        });
        Bad { reason, steps: steps.collect() }
    })
}

impl Scanner<'_> {
    /// Scans the whole text as one value of at most `most` levels.
    fn value(&mut self, most: usize) -> Result<(), UnstorableReason> {
        let mut next = Next::Value;
        loop {
            let byte = self.skip_spaces();
            match (next, byte) {
                (Next::CommaOrEnd, byte) if self.open.is_empty() => {
                    return if byte.is_none() { Ok(()) } else { self.bad("text after the value") };
                }
                (_, None) => return self.bad("the text ends early"),
                (Next::ValueOrEnd, Some(b']')) | (Next::KeyOrEnd, Some(b'}')) => next = self.end(),
                (Next::CommaOrEnd, Some(byte)) => next = self.comma_or_end(byte)?,
                (Next::Key | Next::KeyOrEnd, Some(b'"')) => {
                    self.key()?;
                    next = Next::Value;
                }
                (Next::Key | Next::KeyOrEnd, Some(_)) => return self.bad("a key was expected"),
                (Next::Value | Next::ValueOrEnd, Some(byte @ (b'[' | b'{'))) => {
                    if self.open.len() >= most {
                        return Err(UnstorableReason::TooDeep);
                    }
                    self.at += 1;
                    if byte == b'[' {
                        self.open.push(Open::Array { index: 0 });
                        next = Next::ValueOrEnd;
                    } else {
                        self.open.push(Open::Object { key: (0, 0) });
                        next = Next::KeyOrEnd;
                    }
                }
                (Next::Value | Next::ValueOrEnd, Some(byte)) => {
                    self.scalar(byte)?;
                    next = Next::CommaOrEnd;
                }
            }
        }
    }

    fn end(&mut self) -> Next {
        self.at += 1;
        self.open.pop();
        Next::CommaOrEnd
    }

    fn comma_or_end(&mut self, byte: u8) -> Result<Next, UnstorableReason> {
        match (self.open.last_mut(), byte) {
            (Some(Open::Array { index }), b',') => {
                *index += 1;
                self.at += 1;
                Ok(Next::Value)
            }
            (Some(Open::Object { .. }), b',') => {
                self.at += 1;
                Ok(Next::Key)
            }
            (Some(Open::Array { .. }), b']') | (Some(Open::Object { .. }), b'}') => Ok(self.end()),
            _ => self.bad("a comma or the end was expected"),
        }
    }

    fn key(&mut self) -> Result<(), UnstorableReason> {
        let start = self.at + 1;
        self.string()?;
        let end = self.at - 1;
        if let Some(Open::Object { key }) = self.open.last_mut() {
            *key = (start, end);
        }
        if self.skip_spaces() != Some(b':') {
            return self.bad("a colon was expected");
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self, byte: u8) -> Result<(), UnstorableReason> {
        match byte {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word.as_bytes()));
                let Some(word) = word else { return self.bad("a value was expected") };
                self.at += word.len();
                Ok(())
            }
        }
    }

    fn number(&mut self) -> Result<(), UnstorableReason> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (zero && digits > 1) {
            return self.bad("a number was expected");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.bad("a digit was expected");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.bad("a digit was expected");
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Scans from one quote to the other.
    fn string(&mut self) -> Result<(), UnstorableReason> {
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return self.bad("a control character in a string"),
                None => return self.bad("the text ends early"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), UnstorableReason> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0xD800..=0xDBFF => {
                    let low = self.text.as_bytes()[self.at..].starts_with(b"\\u");
                    self.at += usize::from(low);
                    match low.then(|| self.unit()).transpose()? {
                        Some(0xDC00..=0xDFFF) => Ok(()),
                        _ => self.bad("half of a surrogate pair"),
                    }
                }
                0xDC00..=0xDFFF => self.bad("half of a surrogate pair"),
                _ => Ok(()),
            },
            _ => self.bad("an unknown escape"),
        }
    }

    /// Scans the `u`, which is next, and the four digits after it.
    fn unit(&mut self) -> Result<u16, UnstorableReason> {
        let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let unit = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|text| u16::from_str_radix(text, 16).ok());
        let Some(unit) = unit else { return self.bad("four hexadecimal digits were expected") };
        self.at += 5;
        Ok(unit)
    }

    fn skip_spaces(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[cold]
    fn bad<T>(&self, cause: &'static str) -> Result<T, UnstorableReason> {
        Err(UnstorableReason::NotJson { cause, offset: self.at })
    }
}
