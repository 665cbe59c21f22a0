interface ImportMetaEnv {
  /** The address of the API, as https://news.example/graphql. */
  readonly VITE_API?: string;
}
