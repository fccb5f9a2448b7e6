//! The engines against the real world: shells, files, processes, servers.

#[cfg(test)]
mod attempt;
#[cfg(test)]
mod attempt_http;
#[cfg(test)]
mod attempt_long;
#[cfg(test)]
mod attempt_sql;
#[cfg(test)]
mod attempt_stop;
#[cfg(test)]
mod workshop;
