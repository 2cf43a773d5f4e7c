//! Recorded runs of keepalived 2.4.3 against the LVS engine: the same configuration, the same answers of servers; the
//! sequence of kernel operations and the sequence of log lines must be the same, step by step. `README.md` in this
//! folder lists the differences with their reasons. And the points of the checklist that the engine can show.

mod cases;
mod cases_of_checks;
mod checklist;
mod groups_by_mark;
mod machine;
mod mails;
mod operation;
mod shared_checks;
mod strays;
mod transcript;
