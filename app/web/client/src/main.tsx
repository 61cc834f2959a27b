/** Starts the page: session, live connection, then the view. */
import { render } from "preact";
import { App } from "./app";
import { keepFocus } from "./parts/focus-keeper";
import { restoreScroll } from "./scroll";
import { followBids } from "./store/bids";
import { goLive } from "./store/live";
import { followNotices } from "./store/notices";
import { resume } from "./store/session";
import "./store/theme";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";

restoreScroll();
keepFocus();
render(<App />, document.body);
await resume();
followBids();
followNotices();
goLive();
