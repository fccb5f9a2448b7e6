//! Which metadata locks stand in each other's way.
//!
//! Learned from the tables in the servers' own documentation of `mdl.cc` (MariaDB 10.3 and later, MySQL 5.7 and later).

/// What kind of thing is locked: each kind has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// One thing: a table, a routine, a user lock.
    Thing,
    /// A scope: a schema, the whole server.
    Scope,
    /// MariaDB's backup lock.
    Backup,
}

fn rules(kind: &str) -> Rules {
    match kind {
        "GLOBAL" | "SCHEMA" | "COMMIT" | "TABLESPACE" | "BACKUP LOCK" => Rules::Scope,
        "BACKUP" => Rules::Backup,
        _ => Rules::Thing,
    }
}

/// Whether a lock `held` on a thing of `kind` keeps `wanted` from being granted.
pub(super) fn bars(kind: &str, held: &str, wanted: &str) -> bool {
    let barring: &[&str] = match rules(kind) {
        Rules::Thing => match wanted {
            "SHARED" | "SHARED_HIGH_PRIO" => &["EXCLUSIVE"],
            "SHARED_READ" => &["EXCLUSIVE", "SHARED_NO_READ_WRITE"],
            "SHARED_WRITE" | "SHARED_WRITE_LOW_PRIO" => &[
                "EXCLUSIVE",
                "SHARED_NO_READ_WRITE",
                "SHARED_NO_WRITE",
                "SHARED_READ_ONLY",
            ],
            "SHARED_UPGRADABLE" => &[
                "EXCLUSIVE",
                "SHARED_NO_READ_WRITE",
                "SHARED_NO_WRITE",
                "SHARED_UPGRADABLE",
            ],
            "SHARED_READ_ONLY" => &[
                "EXCLUSIVE",
                "SHARED_NO_READ_WRITE",
                "SHARED_WRITE",
                "SHARED_WRITE_LOW_PRIO",
            ],
            "SHARED_NO_WRITE" => &[
                "EXCLUSIVE",
                "SHARED_NO_READ_WRITE",
                "SHARED_NO_WRITE",
                "SHARED_UPGRADABLE",
                "SHARED_WRITE",
                "SHARED_WRITE_LOW_PRIO",
            ],
            "SHARED_NO_READ_WRITE" => return !matches!(held, "SHARED" | "SHARED_HIGH_PRIO"),
            _ => return true,
        },
        Rules::Scope => match wanted {
            "INTENTION_EXCLUSIVE" => &["EXCLUSIVE", "SHARED"],
            "SHARED" => &["EXCLUSIVE", "INTENTION_EXCLUSIVE"],
            _ => return true,
        },
        Rules::Backup => return backup(held, wanted),
    };
    barring.contains(&held)
}

/// Whether a request that waits for `asked` on a thing of `kind` is served before one for `wanted`.
pub(super) fn goes_before(kind: &str, asked: &str, wanted: &str) -> bool {
    let first: &[&str] = match rules(kind) {
        Rules::Thing => match wanted {
            "SHARED" | "SHARED_UPGRADABLE" | "SHARED_NO_WRITE" | "SHARED_NO_READ_WRITE" => {
                &["EXCLUSIVE"]
            }
            "SHARED_READ" => &["EXCLUSIVE", "SHARED_NO_READ_WRITE"],
            "SHARED_WRITE" | "SHARED_WRITE_LOW_PRIO" => {
                &["EXCLUSIVE", "SHARED_NO_READ_WRITE", "SHARED_NO_WRITE"]
            }
            "SHARED_READ_ONLY" => &["EXCLUSIVE", "SHARED_NO_READ_WRITE", "SHARED_WRITE"],
            _ => &[],
        },
        Rules::Scope => match wanted {
            "INTENTION_EXCLUSIVE" => &["EXCLUSIVE", "SHARED"],
            "SHARED" => &["EXCLUSIVE"],
            _ => &[],
        },
        Rules::Backup => match wanted {
            // A backup's own requests let everybody pass.
            "BACKUP_FLUSH" | "BACKUP_WAIT_FLUSH" | "BACKUP_WAIT_DDL" | "BACKUP_WAIT_COMMIT"
            | "BACKUP_FTWRL1" | "BACKUP_FTWRL2" => &[],
            "BACKUP_START" => {
                return asked != "BACKUP_START" && backup(asked, wanted);
            }
            "BACKUP_BLOCK_DDL" => &["BACKUP_START"],
            _ => return backup(asked, wanted),
        },
    };
    first.contains(&asked)
}

fn backup(held: &str, wanted: &str) -> bool {
    const FTWRL: [&str; 2] = ["BACKUP_FTWRL1", "BACKUP_FTWRL2"];
    const STAGES: [&str; 6] = [
        "BACKUP_START",
        "BACKUP_FLUSH",
        "BACKUP_WAIT_FLUSH",
        "BACKUP_WAIT_DDL",
        "BACKUP_WAIT_COMMIT",
        "BACKUP_BLOCK_DDL",
    ];
    let ftwrl = FTWRL.contains(&held);
    match wanted {
        "BACKUP_START" | "BACKUP_BLOCK_DDL" => {
            STAGES.contains(&held) || wanted == "BACKUP_BLOCK_DDL" && held == "BACKUP_DDL"
        }
        "BACKUP_FLUSH" => held == "BACKUP_START",
        "BACKUP_WAIT_FLUSH" => matches!(held, "BACKUP_START" | "BACKUP_DML"),
        "BACKUP_WAIT_DDL" => matches!(held, "BACKUP_START" | "BACKUP_DML" | "BACKUP_DDL"),
        "BACKUP_WAIT_COMMIT" => matches!(
            held,
            "BACKUP_START" | "BACKUP_DML" | "BACKUP_SYS_DML" | "BACKUP_DDL" | "BACKUP_COMMIT"
        ),
        "BACKUP_FTWRL1" | "BACKUP_FTWRL2" => {
            matches!(
                held,
                "BACKUP_DML"
                    | "BACKUP_TRANS_DML"
                    | "BACKUP_SYS_DML"
                    | "BACKUP_DDL"
                    | "BACKUP_ALTER_COPY"
            ) || wanted == "BACKUP_FTWRL2" && held == "BACKUP_COMMIT"
        }
        "BACKUP_DML" => {
            ftwrl
                || matches!(
                    held,
                    "BACKUP_FLUSH" | "BACKUP_WAIT_FLUSH" | "BACKUP_WAIT_DDL" | "BACKUP_WAIT_COMMIT"
                )
        }
        "BACKUP_TRANS_DML" | "BACKUP_ALTER_COPY" => ftwrl,
        "BACKUP_SYS_DML" => ftwrl || held == "BACKUP_WAIT_COMMIT",
        "BACKUP_DDL" => {
            ftwrl
                || matches!(
                    held,
                    "BACKUP_WAIT_DDL" | "BACKUP_WAIT_COMMIT" | "BACKUP_BLOCK_DDL"
                )
        }
        "BACKUP_COMMIT" => matches!(held, "BACKUP_WAIT_COMMIT" | "BACKUP_FTWRL2"),
        _ => true,
    }
}

/// Whether a lock recorded as `held` may have become a stronger one since: the record keeps the mode that was first granted.
pub(super) fn may_have_grown(kind: &str, held: &str) -> bool {
    match rules(kind) {
        // ALTER TABLE takes the first two and makes them exclusive; LOCK TABLES … READ begins as a reader.
        Rules::Thing => matches!(
            held,
            "SHARED_UPGRADABLE" | "SHARED_NO_WRITE" | "SHARED_READ" | "SHARED_NO_READ_WRITE"
        ),
        Rules::Scope => false,
        Rules::Backup => !held.ends_with("DML") && !matches!(held, "BACKUP_DDL" | "BACKUP_COMMIT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alter_waits_for_readers_and_goes_before_those_that_come_later() {
        assert!(bars("TABLE", "SHARED_READ", "EXCLUSIVE"));
        assert!(!bars("TABLE", "SHARED_READ", "SHARED_WRITE"));
        assert!(goes_before("TABLE", "EXCLUSIVE", "SHARED_READ"));
        assert!(!goes_before("TABLE", "EXCLUSIVE", "SHARED_HIGH_PRIO"));
        assert!(!goes_before("TABLE", "SHARED_WRITE", "SHARED_READ"));
    }

    #[test]
    fn a_read_lock_on_everything_stops_writers() {
        assert!(bars("BACKUP", "BACKUP_FTWRL1", "BACKUP_TRANS_DML"));
        assert!(bars("GLOBAL", "SHARED", "INTENTION_EXCLUSIVE"));
        assert!(!bars(
            "GLOBAL",
            "INTENTION_EXCLUSIVE",
            "INTENTION_EXCLUSIVE"
        ));
        assert!(!bars("BACKUP", "BACKUP_DML", "BACKUP_TRANS_DML"));
    }

    #[test]
    fn a_user_lock_is_one_holders_alone() {
        assert!(bars(
            "USER LEVEL LOCK",
            "SHARED_NO_WRITE",
            "SHARED_NO_WRITE"
        ));
        assert!(bars("USER LEVEL LOCK", "EXCLUSIVE", "EXCLUSIVE"));
    }
}
