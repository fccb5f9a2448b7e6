//! The database engine against a real MariaDB, or a MySQL where `HOLDPOINT_MYSQL_BIN` leads to one.

#[cfg(test)]
mod connecting;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod ready;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod statements;
