/** Before each test file: English texts. After each test: nothing rendered stays. */
import { cleanup } from "@testing-library/preact";
import { afterEach } from "vitest";

localStorage.setItem("language", "en");

afterEach(cleanup);
