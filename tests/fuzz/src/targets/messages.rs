//! What a peer sends: no bytes make the log or a session panic, and a message that is read is the same once written.

use govc_replication::crypto::{NodeKey, Signer, world_id};
use govc_replication::limits::Limits;
use govc_replication::log::Log;
use govc_replication::sync::message::Message;
use govc_replication::sync::session::Session;

pub fn run(input: &[u8]) {
    let limits = Limits { nodes_max: 16, ..Limits::default() };
    let Ok(message) = Message::decode(input, &limits) else { return };
    assert_eq!(Message::decode(&message.encode(), &limits).as_ref(), Ok(&message));
    let mut log = a_log(3);
    let mut session = Session::new();
    let hello = Message::Hello {
        world: world_id("w"),
        has: [].into_iter().collect(),
        forks: Vec::new(),
        asks: false,
    };
    session.receive(&mut log, hello).unwrap();
    for _ in 0..2 {
        let _ = session.receive(&mut log, message.clone());
        for _ in 0..8 {
            let Some(answer) = session.next_message(&log) else { break };
            assert_eq!(Message::decode(&answer.encode(), &limits).as_ref(), Ok(&answer));
        }
        while log.next_ready(&|_| true).is_some() {}
    }
}

/// A log of one node, of so many entries.
fn a_log(count: u8) -> Log {
    let key = NodeKey::from_secret(&[1; 32]);
    let mut log =
        Log::new(world_id("w"), Limits { nodes_max: 16, batch_entries_max: 2, ..Limits::default() });
    for text in 0..count {
        log.append(key.node(), 5, [[text; 20]].into(), &[text]).unwrap();
    }
    log.sign(&key);
    log
}

pub fn seeds() -> Vec<Vec<u8>> {
    let key = NodeKey::from_secret(&[1; 32]);
    let longer = a_log(6);
    let chain = longer.chain(&key.node()).unwrap();
    let mut parted = a_log(1);
    parted.append(key.node(), 6, Vec::new(), b"another").unwrap();
    parted.sign(&key);
    let mut witness = a_log(3);
    witness.admit(parted.chain(&key.node()).unwrap().batch(1).unwrap()).unwrap();
    let proof = witness.chain(&key.node()).unwrap().fork().unwrap().clone();
    [
        Message::Hello {
            world: world_id("w"),
            has: longer.covered(),
            forks: [(key.node(), 4)].into(),
            asks: true,
        },
        Message::Batch(chain.batch(0).unwrap()),
        Message::Batch(chain.batch(3).unwrap()),
        Message::Batch(parted.chain(&key.node()).unwrap().batch(0).unwrap()),
        Message::Fork(proof),
        Message::Has(longer.covered()),
        Message::Ask { node: key.node(), first: 1 },
        Message::Above(b"above".to_vec()),
    ]
    .map(|message| message.encode())
    .into()
}
