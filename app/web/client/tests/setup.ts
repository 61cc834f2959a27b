/** Before each test file: English texts. After each test: nothing rendered stays. */
import { cleanup, configure } from "@testing-library/preact";
import { afterEach } from "vitest";
import { PATIENCE_MS } from "./patience";

configure({ asyncUtilTimeout: PATIENCE_MS });
localStorage.setItem("language", "en");

afterEach(cleanup);
