// All in one process, so that the server is built and started once.
import "./audits.js";
import "./apollo.js";
import "./caching.js";
