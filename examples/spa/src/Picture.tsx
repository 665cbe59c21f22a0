import type { CardFragment } from "./gql/graphql";

type Image = NonNullable<CardFragment["image"]>;

/** A picture that keeps its place before it is there, cropped around its focal point. */
export function Picture({ image, eager }: { image: Image; eager: boolean }) {
  const { url, alt, width, height, focalPoint } = image;
  return (
    <img
      src={url}
      alt={alt}
      width={width ?? 3}
      height={height ?? 2}
      loading={eager ? "eager" : "lazy"}
      style={focalPoint ? { objectPosition: `${focalPoint.x * 100}% ${focalPoint.y * 100}%` } : undefined}
    />
  );
}
