//! The origin-private file system as somebody sees it who has only the disk.

use js_sys::futures::JsFuture;
use js_sys::{Array, IteratorNext, Promise, Uint8Array};
use wasm_bindgen::JsCast;
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemSyncAccessHandle,
};

use crate::worker;

/// How many files there are, in all folders, and how many bytes; and the paths of those whose bytes or names hold
/// `needle`.
pub(crate) struct Scan {
    pub(crate) files: usize,
    pub(crate) bytes: usize,
    pub(crate) holding: Vec<String>,
}

/// Reads every file there is.
pub(crate) async fn scan(needle: &str) -> Scan {
    let mut scan = Scan { files: 0, bytes: 0, holding: Vec::new() };
    let mut folders = vec![(String::new(), root().await)];
    while let Some((path, folder)) = folders.pop() {
        for (name, handle) in entries(&folder).await {
            let path = format!("{path}/{name}");
            match handle.dyn_into::<FileSystemDirectoryHandle>() {
                Ok(folder) => folders.push((path, folder)),
                Err(file) => {
                    let bytes = read(&file.unchecked_into()).await;
                    scan.files += 1;
                    scan.bytes += bytes.len();
                    let holds = bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
                    if holds || path.contains(needle) {
                        scan.holding.push(path);
                    }
                }
            }
        }
    }
    scan
}

/// Takes the file for itself, as another tab would, and makes folder and file if need be.
pub(crate) async fn hold(folder: &str, name: &str) -> FileSystemSyncAccessHandle {
    let create = FileSystemGetDirectoryOptions::new();
    create.set_create(true);
    let folder: FileSystemDirectoryHandle = wait(root().await.get_directory_handle_with_options(folder, &create)).await;
    let create = FileSystemGetFileOptions::new();
    create.set_create(true);
    let file: FileSystemFileHandle = wait(folder.get_file_handle_with_options(name, &create)).await;
    // The worker of the test before may take two seconds to let go of it.
    for _ in 0..50 {
        if let Ok(handle) = JsFuture::from(file.create_sync_access_handle()).await {
            return handle.unchecked_into();
        }
        sleep(100).await;
    }
    panic!("{name} is held by somebody else")
}

async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        worker().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds).unwrap();
    });
    let _: wasm_bindgen::JsValue = wait(promise).await;
}

async fn root() -> FileSystemDirectoryHandle {
    wait(worker().navigator().storage().get_directory()).await
}

async fn entries(folder: &FileSystemDirectoryHandle) -> Vec<(String, wasm_bindgen::JsValue)> {
    let iterator = folder.entries();
    let mut entries = Vec::new();
    loop {
        let next: IteratorNext = wait(iterator.next().unwrap()).await;
        if next.done() {
            return entries;
        }
        let entry: Array = next.value().unchecked_into();
        entries.push((entry.get(0).as_string().unwrap(), entry.get(1)));
    }
}

async fn read(file: &FileSystemFileHandle) -> Vec<u8> {
    let file: File = wait(file.get_file()).await;
    let bytes: js_sys::ArrayBuffer = wait(file.array_buffer()).await;
    Uint8Array::new(&bytes).to_vec()
}

async fn wait<T: JsCast>(promise: impl Into<Promise>) -> T {
    JsFuture::from(promise.into()).await.unwrap().unchecked_into()
}
