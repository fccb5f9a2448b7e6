//! holdpoint takes a database migration through its window: a runbook, live monitors beside it, a signed log.
//!
//! # The map
//!
//! | module    | answers                      | may import         |
//! |-----------|------------------------------|--------------------|
//! | `domain`  | what is true?                | nothing of ours    |
//! | `engine`  | what touches the world?      | `domain`           |
//! | `app`     | what happens next?           | `domain`           |
//! | `ui`      | what is drawn?               | `app`, `domain`    |
//! | `runtime` | who carries messages?        | all but `cli`      |
//! | `cli`     | who starts it, how it ends?  | all of them        |

pub mod app;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod runtime;
pub mod ui;
