// What the reader page's scripts decide by themselves. They need no browser and no server.
import "./reader/announce.js";
import "./reader/follow.js";
import "./reader/read.js";
import "./reader/when.js";
import "./reader/wire.js";
import "./reader/words.js";
