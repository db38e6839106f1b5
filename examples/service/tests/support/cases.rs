//! The cases, which are the same for each database. Each is given the environment variables that name an empty one.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Open, request};
use super::operator::Operator;
use super::running::{Running, id, operate, order};

/// The environment variables of a service.
pub type Variables<'a> = &'a [(&'a str, &'a str)];

pub fn write_is_read_with_its_token(database: Variables) {
    let service = Running::start(database);
    for number in 0..200 {
        let placed = service.place(&id(number), "Ada");
        assert_eq!(placed.status, 201, "{placed:?}");
        let path = format!("/orders/{}", id(number));
        assert_eq!(placed.header("location"), Some(&*path));
        // A busy machine can take longer than the service waits.
        let mut read = service.get_after(&path, placed.token());
        while read.status == 202 {
            assert_eq!(read.header("retry-after"), Some("1"));
            read = service.get_after(&path, placed.token());
        }
        assert_eq!((read.status, &read.body["status"]), (200, &json!("placed")), "{read:?}");
    }
}

pub fn write_is_read_in_another_process(database: Variables) {
    let services = [Running::start(database), Running::start(database)];
    for number in 0..10 {
        let (writer, reader) = (&services[number % 2], &services[(number + 1) % 2]);
        let id = id(number.try_into().unwrap());
        let placed = writer.place(&id, "Ada");
        assert_eq!(placed.status, 201, "{placed:?}");
        let path = format!("/orders/{id}");
        reader.wait_until("the order is there", |reader| {
            let read = reader.get_after(&path, placed.token());
            assert!(matches!(read.status, 200 | 202), "{read:?}");
            read.status == 200
        });
    }
}

pub fn repeated_command_has_the_first_answer(database: Variables) {
    let service = Running::start(database);
    let first = service.place(&id(1), "Ada");
    let again = service.place(&id(1), "Ada");
    assert_eq!((first.status, again.status), (201, 200), "{again:?}");
    assert_eq!((first.token(), &first.body), (again.token(), &again.body));

    let other = service.place(&id(1), "Grace");
    assert_eq!((other.status, &other.body["type"]), (409, &json!("/problems/other-body")), "{other:?}");

    let pay = format!("/orders/{}/pay", id(1));
    let paid = service.post(&pay, &Value::Null);
    let paid_again = service.post(&pay, &Value::Null);
    assert_eq!((paid.status, paid_again.status), (200, 200));
    assert_eq!((paid.token(), &paid.body), (paid_again.token(), &paid_again.body));
    assert_eq!(service.get_after(&format!("/orders/{}", id(1)), paid.token()).body["status"], "paid");

    // The first command, also after another one.
    assert_eq!(service.place(&id(1), "Ada").body, first.body);
}

pub fn concurrent_repetitions_store_one_order(database: Variables) {
    let service = Running::start(database);
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| service.place(&id(1), "Ada"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let first: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(first.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.token() == first[0].token()), "{answers:?}");
}

pub fn rules_of_orders_are_kept(database: Variables) {
    let service = Running::start(database);
    let [pay, cancel] = ["pay", "cancel"].map(|command| format!("/orders/{}/{command}", id(1)));
    let reason = json!({ "reason": "too late" });
    let missing = service.post(&pay, &Value::Null);
    assert_eq!((missing.status, &missing.body["type"]), (404, &json!("/problems/no-order")));

    service.place(&id(1), "Ada");
    let cancelled = service.post(&cancel, &reason);
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(service.post(&cancel, &reason).body, cancelled.body);
    let other = service.post(&cancel, &json!({ "reason": "too early" }));
    assert_eq!((other.status, &other.body["type"]), (409, &json!("/problems/other-body")));
    let refused = service.post(&pay, &Value::Null);
    assert_eq!((refused.status, &refused.body["type"]), (409, &json!("/problems/cancelled")));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let read = service.get_after(&format!("/orders/{}", id(1)), cancelled.token());
    assert_eq!((&read.body["status"], &read.body["reason"]), (&json!("cancelled"), &json!("too late")));
}

pub fn bad_requests_are_problems(database: Variables) {
    let service = Running::start(database);
    let problem = |answer: super::client::Answer, status: u16| {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
        assert_eq!(answer.body["status"], status, "{answer:?}");
        for field in ["type", "title", "detail"] {
            assert!(answer.body[field].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
        }
    };
    let post = |body: &str| Open::send(service.address, &request("POST", "/orders", &[], body)).answer();
    problem(post("{"), 400);
    problem(post(r#"{"id": 1}"#), 422);
    problem(service.post("/orders", &Value::Null), 415);
    problem(post(&format!(r#"{{"customer": "{}"}}"#, "x".repeat(20_000))), 413);
    for customer in ["", " ", "a\0b", "a\u{1b}[31m", &"x".repeat(201)] {
        problem(service.place(&id(1), customer), 422);
    }
    problem(service.post("/orders", &json!({ "id": id(1), "customer": "Ada", "total_cents": 0 })), 422);
    problem(service.post("/orders", &json!({ "id": id(1), "customer": "Ada", "total_cents": u64::MAX })), 422);
    problem(service.get("/orders/1"), 400);
    problem(service.get(&format!("/orders/{}", id(1))), 404);
    problem(service.get("/nothing"), 404);
    problem(service.post("/live", &Value::Null), 405);
    problem(service.get("/orders?limit=0"), 400);
    problem(service.get("/orders?limit=101"), 400);
    problem(service.get("/orders?after=x"), 400);
    problem(service.get("/orders?page=2"), 400);
    problem(service.get_after("/orders", "7"), 400);
    problem(service.get_after("/orders", "1.0192f0c1a2b37d4e8f00112233445566.1"), 400);
}

pub fn read_of_a_later_position_is_pending(database: Variables) {
    let service = Running::start(database);
    let placed = service.place(&id(1), "Ada");
    let (log, position) = placed.token().rsplit_once('.').unwrap();
    let later = format!("{log}.{}", position.parse::<u64>().unwrap() + 1000);
    let read = service.get_after(&format!("/orders/{}", id(1)), &later);
    assert_eq!((read.status, read.header("retry-after")), (202, Some("1")), "{read:?}");
}

pub fn list_is_read_in_pages(database: Variables) {
    let service = Running::start(database);
    let placed: Vec<_> = (0..5).map(|number| service.place(&id(number), "Ada")).collect();
    let (mut found, mut path) = (Vec::new(), "/orders?limit=2".to_owned());
    loop {
        let page = service.get_after(&path, placed[4].token());
        assert_eq!(page.status, 200, "{page:?}");
        let rows = page.body["orders"].as_array().unwrap();
        found.push(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/orders?limit=2&after={next}");
    }
    assert_eq!(found, [vec![id(4), id(3)], vec![id(2), id(1)], vec![id(0)]]);
}

pub fn probes_answer(database: Variables) {
    let service = Running::start(database);
    assert_eq!(service.get("/live").status, 200);
    service.wait_until("it is ready", |service| service.get("/ready").status == 200);
    service.place(&id(1), "Ada");
    let metrics = service.get("/metrics");
    let count = "eventsource_append_events_total{eventsource_event_type=\"OrderPlaced\"} 1\n";
    assert!(metrics.body.as_str().is_some_and(|text| text.contains(count)), "{metrics:?}");
    let health = service.get("/ready").body;
    let subscriptions = health["subscriptions"].as_array().unwrap();
    let mut names: Vec<_> = subscriptions.iter().map(|subscription| subscription["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["mailer", "orders"]);
}

pub fn page_shows_the_subscriptions(database: Variables) {
    let service = Running::start(database);
    let page = service.get("/admin");
    assert_eq!(page.status, 200, "{page:?}");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("mailer") && text.contains("orders"), "{text}");
    let forged = request("GET", "/admin", &[("x-forwarded-for", "192.0.2.1")], "");
    assert_eq!(Open::send(service.address, &forged).answer().status, 403);
}

pub fn poison_order_is_a_letter_until_it_is_repaired(database: Variables) {
    let service = Running::start(database);
    let poison = service.place(&id(1), "poison");
    // The read model is another projection: it is not affected.
    let path = format!("/orders/{}", id(1));
    service.wait_until("the order is there", |service| service.get_after(&path, poison.token()).status == 200);
    let operator = Operator::of(database);
    service.wait_until("there is a letter", |_| !operator.errors().is_empty());
    let errors = operator.errors();
    assert!(errors.len() == 1 && errors[0].contains("refuses the recipient `poison`"), "{errors:?}");

    let count = "eventsource_dead_letter_count{eventsource_subscription_name=\"mailer\"} 1\n";
    service
        .wait_until("the letter is counted", |service| service.get("/metrics").body.as_str().unwrap().contains(count));

    service.signal("-TERM");
    assert!(service.ended().success());
    let mut repaired = database.to_vec();
    repaired.push(("MAIL_POISON", "deliver"));
    let service = Running::start(&repaired);
    assert_eq!(operator.errors().len(), 1);
    operator.retry();
    service.wait_until("there is no letter", |_| operator.errors().is_empty());
}

pub fn poison_order_is_repaired_by_the_command_line(database: Variables) {
    let service = Running::start(database);
    let poison = service.place(&id(1), "poison");
    service.wait_until("there is a letter", |_| operate(database, &["letters", "list", "mailer"]).contains("poison"));
    let plan = operate(database, &["plan"]);
    assert!(plan.contains("mailer") && plan.contains("orders"), "{plan}");
    service.signal("-TERM");
    assert!(service.ended().success());

    let mut repaired = database.to_vec();
    repaired.push(("MAIL_POISON", "deliver"));
    let service = Running::start(&repaired);
    let read = service.get_after(&format!("/orders/{}", id(1)), poison.token());
    assert_eq!(read.status, 200, "{read:?}");
    operate(database, &["letters", "retry", "mailer", "--all", "--yes"]);
    assert!(!operate(database, &["letters", "list", "mailer"]).contains("poison"));
    assert!(operate(database, &["status"]).contains("live"));
}

pub fn killed_service_has_the_order_after_a_restart(database: Variables) {
    let mut tokens = Vec::new();
    for number in 0..5 {
        let service = Running::start(database);
        let placed = service.place(&id(number), "Ada");
        assert_eq!(placed.status, 201, "{placed:?}");
        // At once: the answer does not wait for the projection. After the first round, the lease of the killed process
        // also keeps this one from projecting the order.
        service.kill();
        tokens.push(placed.token().to_owned());
    }
    let service = Running::start(database);
    for (number, token) in (0..).zip(&tokens) {
        let path = format!("/orders/{}", id(number));
        service.wait_until("the order is there", |service| service.get_after(&path, token).status == 200);
    }
    assert_eq!(service.get("/orders").body["orders"].as_array().unwrap().len(), tokens.len());
}

pub fn open_requests_are_answered_after_sigterm(database: Variables) {
    let service = Running::start(database);
    let placed = service.place(&id(1), "Ada");
    let (log, _) = placed.token().rsplit_once('.').unwrap();
    let later = format!("{log}.1000000");
    let waiting = request("GET", "/orders", &[("position-token", &later)], "");
    let waiting: Vec<_> = (0..8).map(|_| Open::send(service.address, &waiting)).collect();
    let command = request("POST", "/orders", &[], &order(&id(2), "Grace").to_string());
    let (begin, rest) = command.split_at(command.len() - 10);
    let mut half = Open::send(service.address, begin);
    // An answer to a later connection: the server has accepted the ones before it.
    assert_eq!(service.get("/live").status, 200);

    service.signal("-TERM");
    service.wait_until("it takes no new connections", |service| TcpStream::connect(service.address).is_err());
    half.send_rest(rest);
    assert_eq!(half.answer().status, 201);
    for open in waiting {
        assert_eq!(open.answer().status, 202);
    }
    assert!(service.ended().success());

    // Its projections have stopped in order: the next process owns them without waiting for a lease.
    let service = Running::start(database);
    service.wait_until("the order is there", |service| service.get(&format!("/orders/{}", id(2))).status == 200);
}

pub fn open_page_does_not_delay_the_stop(database: Variables) {
    let service = Running::start(database);
    let mut page = Open::send(service.address, &request("GET", "/admin/updates?of=overview", &[], ""));
    assert!(page.line().ends_with("200 OK"));
    let start = Instant::now();
    service.signal("-TERM");
    assert!(service.ended().success());
    // An open request is cut off after 10 s.
    assert!(start.elapsed() < Duration::from_secs(9), "the page was open for {:?}", start.elapsed());
}
