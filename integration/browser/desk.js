// What editors do beside the ticker. Each returns the story or the coverage as it is then.

/** Makes a story and publishes it. @param {object} input of `CreateStoryInput`, but for what is the same for most */
export async function publishStory(newsroom, input) {
  const draft = await act(newsroom, "createStory", "CreateStoryInput", { language: "en", ...input });
  return act(newsroom, "publishStory", "PublishStoryInput", known(draft));
}

/** Changes a published story and says why. */
export const correctStory = (newsroom, story, change) =>
  act(newsroom, "correctStory", "CorrectStoryInput", { ...known(story), ...change });

/** Changes a published story without a word. */
export const updateStory = (newsroom, story, change) =>
  act(newsroom, "updateStory", "UpdateStoryInput", { ...known(story), ...change });

/** Takes a story down. */
export const unpublishStory = (newsroom, story) => act(newsroom, "unpublishStory", "VersionedInput", known(story));

/** Withdraws a story for good. */
export const retractStory = (newsroom, story, note) => act(newsroom, "retractStory", "RetractInput", { ...known(story), note });

/** Begins a live coverage. */
export const beginCoverage = (newsroom, input) =>
  act(newsroom, "createCoverage", "CreateCoverageInput", { status: "LIVE", startsAt: new Date().toISOString(), ...input });

/** Makes a tag. */
export const createTag = (newsroom, input) => act(newsroom, "createTag", "CreateTagInput", input);

const known = ({ id, version }) => ({ id, expectedVersion: version });

async function act(newsroom, mutation, type, input) {
  const { done } = await newsroom.ask(`mutation ($input: ${type}!) { done: ${mutation}(input: $input) { id version slug } }`, { input });
  return done;
}
