//! A Worker beside the page: messages to it, messages from it, and an end to it.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// A Worker that runs until it is dropped.
pub struct Running {
    worker: Worker,
    _told: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(JsValue)>,
}

impl Running {
    /// Starts a module Worker and gives it a message; each of its own goes to `told`.
    pub fn start(
        path: &str,
        message: &JsValue,
        told: impl Fn(JsValue) + 'static,
        failed: impl Fn() + 'static,
    ) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(path, &options).ok()?;
        let told = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| told(event.data()));
        let failed = Closure::<dyn Fn(JsValue)>::new(move |_| failed());
        worker.set_onmessage(Some(told.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        worker.post_message(message).ok()?;
        Some(Self { worker, _told: told, _failed: failed })
    }

    /// Gives it another message.
    pub fn post(&self, message: &JsValue) {
        // Only what cannot be copied is refused, and messages are made of what can.
        let _ = self.worker.post_message(message);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
