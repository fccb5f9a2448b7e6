//! Which modes of a lock shut each other out.

/// The modes from the weakest, each with those it shuts out (PostgreSQL's documentation, "Explicit Locking").
const MODES: [(&str, &[usize]); 8] = [
    ("AccessShareLock", &[7]),
    ("RowShareLock", &[6, 7]),
    ("RowExclusiveLock", &[4, 5, 6, 7]),
    ("ShareUpdateExclusiveLock", &[3, 4, 5, 6, 7]),
    ("ShareLock", &[2, 3, 5, 6, 7]),
    ("ShareRowExclusiveLock", &[2, 3, 4, 5, 6, 7]),
    ("ExclusiveLock", &[1, 2, 3, 4, 5, 6, 7]),
    ("AccessExclusiveLock", &[0, 1, 2, 3, 4, 5, 6, 7]),
];

/// Returns whether who holds `held` keeps out who wants `wanted`; of modes that are not known it is taken for granted.
pub(super) fn conflict(held: &str, wanted: &str) -> bool {
    let at = |mode: &str| MODES.iter().position(|(name, _)| *name == mode);
    match (at(held), at(wanted)) {
        (Some(held), Some(wanted)) => MODES[held].1.contains(&wanted),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_shuts_out_who_shuts_it_out() {
        for (one, _) in MODES {
            for (other, _) in MODES {
                assert_eq!(conflict(one, other), conflict(other, one), "{one} {other}");
            }
            assert!(conflict(one, "AccessExclusiveLock"));
        }
        assert!(!conflict("AccessShareLock", "AccessShareLock"));
        assert!(!conflict("AccessShareLock", "ExclusiveLock"));
        assert!(!conflict("ShareLock", "ShareLock"));
        assert!(!conflict("RowExclusiveLock", "RowExclusiveLock"));
        assert!(conflict(
            "ShareUpdateExclusiveLock",
            "ShareUpdateExclusiveLock"
        ));
        assert!(conflict("SIReadLock", "ShareLock"));
    }
}
