use super::*;

#[test]
fn states_that_are_waits_for_locks_are_known() {
    for (state, lock) in [
        ("Waiting for table metadata lock", Some("table metadata")),
        ("Waiting for backup lock", Some("backup")),
        ("Waiting for global read lock", Some("global read")),
        ("Waiting for table flush", Some("table")),
        ("User lock", Some("user")),
        ("Waiting for prior transaction to commit", None),
        ("Sending data", None),
        ("", None),
    ] {
        assert_eq!(lock_of_state(state), lock, "{state}");
    }
}

#[test]
fn a_clients_port_is_not_its_name() {
    assert_eq!(client("10.0.0.7:51234"), "10.0.0.7");
    assert_eq!(client("localhost"), "localhost");
    assert_eq!(client("::1"), "::1");
}
