//! The real `sqlx` program, for the walks through the shipped runbooks: `sqlx-cli` as its own `main` starts it.
#![allow(clippy::print_stdout)]

use clap::Parser as _;
use sqlx_cli::Opt;

#[tokio::main]
async fn main() {
    sqlx_cli::maybe_apply_dotenv();
    sqlx::any::install_default_drivers();
    if let Err(error) = sqlx_cli::run(Opt::parse()).await {
        println!("error: {error}");
        std::process::exit(1);
    }
}
