// The pages, in a real browser. How they look comes before what the tests of the playground write on the ticker.
import "./browser/reader.js";
import "./browser/moving.js";
import "./browser/surviving.js";
import "./browser/looks.js";
import "./browser/figures.js";
import "./browser/playground.js";
import "./browser/spa.js";
