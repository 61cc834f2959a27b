// What k6 has and @types/k6 leaves to the browser's types.
declare const console: { log(text: string): void; warn(text: string): void };
