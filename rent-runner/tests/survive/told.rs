use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// How long a client of the channel may say nothing.
const SILENCE: Duration = Duration::from_secs(20);

/// A webhook on loopback: what the runner told there.
pub(crate) struct Channel {
    address: std::net::SocketAddr,
    heard: Arc<Mutex<Vec<Value>>>,
}

/// What was told of the end of one booking.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The numbers of the messages: one that came twice has one number.
    pub(crate) ids: BTreeSet<i64>,
    pub(crate) states: BTreeSet<String>,
    pub(crate) times: usize,
}

impl Channel {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        std::thread::spawn({
            let heard = Arc::clone(&heard);
            move || {
                for stream in listener.incoming() {
                    let heard = Arc::clone(&heard);
                    // A runner that is killed leaves its connection in the middle of a message.
                    std::thread::spawn(move || stream.ok().and_then(|stream| hear(&stream, &heard)));
                }
            }
        });
        Self { address, heard }
    }

    /// The settings that make a runner tell this channel all.
    pub(crate) fn settings(&self) -> String {
        let address = self.address;
        format!("[[notify]]\nname = 'club'\nkind = 'webhook'\nurl = 'http://{address}/told'\n")
    }

    /// The ends that were told, by the number of the booking.
    pub(crate) fn ends(&self) -> BTreeMap<i64, Told> {
        let mut ends = BTreeMap::<i64, Told>::new();
        for message in &*self.heard.lock().unwrap() {
            if message["kind"] == "alarm" {
                continue;
            }
            let told = ends.entry(message["booking"].as_i64().unwrap()).or_default();
            told.ids.insert(message["id"].as_i64().unwrap());
            told.states.insert(message["state"].as_str().unwrap().to_owned());
            told.times += 1;
        }
        ends
    }
}

/// One request, answered once it is kept.
fn hear(mut stream: &TcpStream, heard: &Mutex<Vec<Value>>) -> Option<()> {
    stream.set_read_timeout(Some(SILENCE)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let message = serde_json::from_slice(&body).ok()?;
    heard.lock().unwrap().push(message);
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").ok()
}
