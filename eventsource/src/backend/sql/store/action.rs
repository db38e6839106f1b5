//! The actions of a database, for error messages.

use std::fmt;

use crate::event::StreamId;

/// An action of the database. It is formatted only for an error.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action<'a> {
    Append(&'a StreamId),
    AppendAll,
    ReadStream(&'a StreamId),
    ReadLog,
    ReadHead,
    ReadLogId,
    FindEvent,
    ListStreams,
    LoadSnapshot(&'a StreamId),
    SaveSnapshot(&'a StreamId),
    DeleteSnapshots,
    MeasureBacklog,
    FindTypes,
    FindCorrelated,
    FindTime,
    Begin,
    Commit(&'a str),
    Clear(&'a str),
    Load(&'a str),
    List,
    Claim(&'a str),
    Renew(&'a str),
    Letters(&'a str),
    ForgetLetters(&'a str),
    CountLetters,
    SearchLetters,
    Switch(&'a str),
    Discard(&'a str),
    Own(&'a str),
    HandOver(&'a str),
    Replace,
    Try,
    Compare,
    /// An action on something with a name: the verb, and the name.
    On(&'static str, &'a str),
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append(stream) => write!(f, "append to {stream}"),
            Self::AppendAll => f.write_str("append to several streams"),
            Self::ReadStream(stream) => write!(f, "read {stream}"),
            Self::ReadLog => f.write_str("read the log"),
            Self::ReadHead => f.write_str("find the head of the log"),
            Self::ReadLogId => f.write_str("read the identity of the log"),
            Self::FindEvent => f.write_str("look for an event of the log"),
            Self::LoadSnapshot(stream) => write!(f, "load the snapshot of {stream}"),
            Self::SaveSnapshot(stream) => write!(f, "save the snapshot of {stream}"),
            Self::DeleteSnapshots => f.write_str("delete snapshots of aggregates"),
            Self::ListStreams => f.write_str("list streams"),
            Self::MeasureBacklog => f.write_str("measure a backlog"),
            Self::FindTypes => f.write_str("look for types of events"),
            Self::FindCorrelated => f.write_str("look for correlated events"),
            Self::FindTime => f.write_str("look for the events of a time"),
            Self::Begin => f.write_str("open a unit of work"),
            Self::Commit(name) => write!(f, "move the checkpoint of `{name}`"),
            Self::Clear(name) => write!(f, "clear the checkpoint of `{name}`"),
            Self::Load(name) => write!(f, "load the checkpoint of `{name}`"),
            Self::List => f.write_str("list the checkpoints"),
            Self::Claim(name) => write!(f, "claim the checkpoint of `{name}`"),
            Self::Renew(name) => write!(f, "renew the lease on the checkpoint of `{name}`"),
            Self::Letters(name) => write!(f, "read the dead letters of `{name}`"),
            Self::ForgetLetters(name) => write!(f, "forget the dismissed letters of `{name}`"),
            Self::CountLetters => f.write_str("count the dead letters"),
            Self::SearchLetters => f.write_str("search the dead letters"),
            Self::Switch(name) => write!(f, "switch `{name}` to its next generation"),
            Self::Discard(name) => write!(f, "drop the next generation of `{name}`"),
            Self::Own(name) => write!(f, "find the owner of the tables of `{name}`"),
            Self::HandOver(name) => write!(f, "hand `{name}` over to another name"),
            Self::Replace => f.write_str("replace the tables of read models"),
            Self::Try => f.write_str("try events without a change"),
            Self::Compare => f.write_str("compare the rows of read models"),
            Self::On(verb, name) => write!(f, "{verb} `{name}`"),
        }
    }
}
