//! The blocking tree, case by case, compared with the server's own `pg_blocking_pids`.

mod autovacuum;
mod case;
mod crowds;
mod locks;

use holdpoint::engine::sandbox::Sandbox;

use crate::harness::server;

pub use autovacuum::autovacuum;

/// Everything that every version must get right; each case has a database of its own.
macro_rules! cases {
    ($($part:ident: $($case:ident)*;)*) => {
        mod alone {
            $($(
                #[tokio::test]
                async fn $case() {
                    super::$part::$case(super::server()).await;
                }
            )*)*
        }

        pub async fn all(server: &Sandbox) {
            tokio::join!($($($part::$case(server)),*),*);
        }
    };
}

cases! {
    locks:
        a_chain_hangs_link_under_link
        several_holders_of_a_shared_lock_are_all_named_under_the_longest_standing
        a_waiter_behind_a_waiter_stands_in_the_queue
        row_locks_queue_behind_the_first_that_waits
        advisory_locks_are_named_by_their_key
        a_prepared_transaction_stands_with_its_name_and_how_to_end_it
        a_relation_of_another_database_is_named_as_such
        a_parallel_query_is_shown_as_its_leader
        a_lock_taken_by_the_fast_path_is_seen
        a_tool_that_waits_for_its_own_second_session_is_seen_through_the_snapshot
        who_waits_for_a_safe_snapshot_hangs_under_the_writer
        who_wants_more_than_it_holds_stands_in_the_queue
    ;
    crowds:
        a_circle_is_drawn_and_not_lost
        a_pile_of_a_hundred_is_one_row_with_its_size
        the_last_of_a_long_queue_has_its_row_when_somebody_stands_behind_it
        blockers_that_end_between_two_reads_leave_no_waiter_without_a_place
    ;
}
