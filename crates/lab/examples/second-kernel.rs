//! Runs a command in the second kernel: `cargo run -p keepalived-lab --example second-kernel -- ipvsadm -Ln`.

use std::process::ExitCode;

use keepalived_lab::SecondKernel;

fn main() -> ExitCode {
    let command: Vec<String> = std::env::args().skip(1).collect();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    match SecondKernel::new().run(&command) {
        Ok(ended) => {
            print!("{}", ended.stdout);
            eprint!("{}", ended.stderr);
            eprintln!("{:.1?} in all, the command began after {:.1?}", ended.took, ended.booted_after);
            ExitCode::from(u8::try_from(ended.status).unwrap_or(u8::MAX))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(125)
        }
    }
}
