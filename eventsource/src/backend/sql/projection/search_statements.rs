//! The statements that search dead letters. A search goes through the letters of one subscription after another, in windows
//! of positions: one statement finds the end of a window by an index, and the others look only at the letters in it.

/// The statements of a search, on the letters of each [`Shelf`].
#[derive(Debug)]
pub(in crate::backend) struct SearchStatements {
    pub(in crate::backend) all: Shelf,
    pub(in crate::backend) waiting: Shelf,
    pub(in crate::backend) dismissed: Shelf,
    /// The letters of one stream. The last two parameters are its type and its id.
    pub(in crate::backend) stream: Shelf,
}

/// Letters with an index by which they are read in order.
#[derive(Debug)]
pub(in crate::backend) struct Shelf {
    /// Returns the name of the first subscription with letters whose name is greater than `$1`, or null.
    pub(in crate::backend) name: &'static str,
    /// Looks at `$3` letters of the subscription `$1` after the position `$2`. Returns the position of the last one, or
    /// null, and how many there are.
    pub(in crate::backend) window: &'static str,
    /// Finds at most `$4` letters of the subscription `$1` after the position `$2` and up to `$3`, with the event type
    /// `$5`, an error that contains `$6`, and a time from `$7` and before `$8`, of which any can be null. `$9` is 1 for
    /// waiting letters, 0 for dismissed ones, null for both. Returns the text and the number of held events.
    pub(in crate::backend) page: &'static str,
    /// Counts these letters by error and event type. Returns these, the number, and the earliest and the latest time.
    pub(in crate::backend) groups: &'static str,
}

/// The statements on the letters `$from`. `$of_name`, `$of_window` and `$of_page` are the conditions that they are of a
/// stream. The expressions `$event_type`, `$error` and `$failed` are the columns of a letter, or what its text says if
/// they are null.
macro_rules! shelf {
    (
        $from:expr, [$of_name:expr, $of_window:expr, $of_page:expr],
        $event_type:expr, $error:expr, $failed:expr, $conditions:expr
    ) => {
        $crate::backend::sql::projection::Shelf {
            name: concat!(
                "SELECT min(subscription) FROM {schema}.eventsource_dead_letters ",
                $from,
                $of_name,
                " AND subscription > $1"
            ),
            window: concat!(
                "SELECT max(position), count(*) FROM (SELECT position FROM {schema}.eventsource_dead_letters ",
                $from,
                $of_window,
                " AND subscription = $1 AND position > $2 ORDER BY position LIMIT $3) AS looked"
            ),
            page: concat!(
                "SELECT letter, held FROM {schema}.eventsource_dead_letters ",
                $crate::backend::sql::projection::search_statements::matching!($from, $of_page, $conditions)
            ),
            groups: concat!(
                "SELECT error_line, type_name, count(*), min(failed), max(failed) FROM (SELECT ",
                $error,
                " AS error_line, ",
                $event_type,
                " AS type_name, ",
                $failed,
                " AS failed FROM {schema}.eventsource_dead_letters ",
                $crate::backend::sql::projection::search_statements::matching!($from, $of_page, $conditions),
                ") AS found GROUP BY error_line, type_name"
            ),
        }
    };
}

macro_rules! matching {
    ($from:expr, $of_page:expr, $conditions:expr) => {
        concat!(
            $from,
            $of_page,
            " AND subscription = $1 AND position > $2 AND position <= $3 AND ",
            $conditions,
            " ORDER BY position LIMIT $4"
        )
    };
}

pub(in crate::backend) use {matching, shelf};
