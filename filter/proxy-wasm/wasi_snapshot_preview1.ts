// The four WASI functions that the layer needs, imported from module "wasi_snapshot_preview1". 0 is success.

export declare function random_get(buffer: usize, size: usize): i32;
export declare function clock_time_get(clock: i32, precision: u64, returnTime: usize): i32;
export declare function environ_sizes_get(returnCount: usize, returnSize: usize): i32;
export declare function environ_get(returnPointers: usize, returnBuffer: usize): i32;
