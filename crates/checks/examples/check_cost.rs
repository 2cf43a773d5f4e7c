//! What a TCP or HTTP check costs beside the least a client can do, in one run on loopback.
//!
//! `cargo run --release -p keepalived-checks --example check_cost [SECONDS] [CHECKS_A_SECOND]`
//!
//! Each line is the CPU time of the checking thread (user and system; on loopback the kernel's work for the server's side of
//! a connection is in it, for all lines alike), divided by the number of checks. `bare` connects, waits and closes with
//! blocking calls and nothing else. `alone` wakes for each check, `grouped` for all that are due within [`QUANTUM`].

use keepalived_checks::{Context, NoPrograms, run};
use keepalived_lvs::Outcome;
use keepalived_lvs::config::{Connection, HttpCheck, HttpVersion, Probe, Sni, Url, Verification};
use rustix::time::{ClockId, clock_gettime};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Checks that are due within this of each other are begun together.
const QUANTUM: Duration = Duration::from_millis(4);

/// CPU time of this thread.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

fn server(answer: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut request = [0; 1024];
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            if let Some(answer) = answer
                && stream.read(&mut request).is_ok_and(|length| length > 0)
            {
                let _they_may_be_gone = stream.write_all(answer);
            }
        }
    });
    address
}

/// Waits until each beginning, `period` apart, and does `act` for those that are due within `quantum`.
fn paced(count: u32, rate: u32, quantum: Duration, mut wait: impl FnMut(Instant), mut act: impl FnMut(u32)) {
    let period = Duration::from_secs(1) / rate;
    let start = Instant::now();
    let mut begun = 0;
    while begun < count {
        let now = Instant::now();
        let due = (now - start).as_nanos() / period.as_nanos();
        let due = u32::try_from(due).unwrap_or(u32::MAX).saturating_add(1).min(count);
        if due > begun {
            act(due - begun);
            begun = due;
        }
        wait((start + period * begun).max(now + quantum));
    }
}

fn bare(server: SocketAddr, count: u32, rate: u32) -> Duration {
    let before = cpu();
    let wait = |until: Instant| std::thread::sleep(until.saturating_duration_since(Instant::now()));
    paced(count, rate, Duration::ZERO, wait, |due| {
        for _ in 0..due {
            drop(TcpStream::connect(server).expect("a connection"));
        }
    });
    (cpu() - before) / count
}

fn checked(probe: &Probe, count: u32, rate: u32, quantum: Duration) -> Duration {
    let made = Context::of([probe], None, Box::new(NoPrograms)).expect("no files");
    let (context, probe) = (Rc::new(made.0), Rc::new(probe.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let before = cpu();
    local.block_on(&runtime, async {
        let period = Duration::from_secs(1) / rate;
        let start = Instant::now();
        let mut begun = 0;
        let mut running = Vec::new();
        while begun < count {
            let now = Instant::now();
            let due = u32::try_from((now - start).as_nanos() / period.as_nanos()).unwrap_or(u32::MAX);
            let due = due.saturating_add(1).min(count);
            for _ in begun..due {
                let (context, probe) = (context.clone(), probe.clone());
                running.push(tokio::task::spawn_local(async move {
                    let attempt = run(&probe, 0, &context).await;
                    assert!(matches!(attempt.outcome, Outcome::Passed { .. }), "{attempt:?}");
                }));
            }
            begun = due.max(begun);
            let next = (start + period * begun).max(now + quantum);
            tokio::time::sleep_until(next.into()).await;
        }
        for task in running {
            task.await.expect("a check passes");
        }
    });
    (cpu() - before) / count
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|word| word.parse::<u32>().ok());
    let seconds = arguments.next().unwrap_or(5);
    let rate = arguments.next().unwrap_or(1000);
    let count = seconds * rate;
    let connection = |destination| Connection {
        destination,
        source: None,
        interface: None,
        timeout: Duration::from_secs(5),
        mark: 0,
    };
    let silent = server(None);
    let web = server(Some(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"));
    let tcp = Probe::Tcp(connection(silent));
    let http = Probe::Http(HttpCheck {
        connection: connection(web),
        urls: vec![Url { path: "/".to_owned(), ..Url::default() }],
        version: HttpVersion::Http10,
        virtualhost: None,
        sni: Sni::Off,
        fast_recovery: false,
        tls_compliant: false,
        verification: Verification::Off,
    });
    let print = |name: &str, each: Duration| {
        println!("{name:<24}{:>8.1} us of CPU a check", each.as_secs_f64() * 1e6)
    };
    println!("{rate} checks a second for {seconds} seconds");
    print("TCP, bare", bare(silent, count, rate));
    print("TCP, alone", checked(&tcp, count, rate, Duration::ZERO));
    print("TCP, grouped", checked(&tcp, count, rate, QUANTUM));
    print("HTTP, alone", checked(&http, count, rate, Duration::ZERO));
    print("HTTP, grouped", checked(&http, count, rate, QUANTUM));
}
