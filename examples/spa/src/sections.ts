import { useQuery } from "urql";

import { SectionsDocument } from "./gql/graphql";

/** The sections of the newspaper; none until they have been read. */
export const useSections = () => useQuery({ query: SectionsDocument })[0].data?.tags.nodes ?? [];
