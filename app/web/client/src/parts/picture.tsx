/** A product's picture, or its initial on a colour of its own. */
import type { AuctionProduct } from "../protocol";

const HUE_STEP = 47; // neighbours in a list get colours far apart

export function Picture({ product }: { product: AuctionProduct }) {
  if (product.thumbnail_url) {
    return <img class="picture" src={product.thumbnail_url} alt="" loading="lazy" />;
  }
  const hue = (product.id * HUE_STEP) % 360;
  return (
    <div class="picture initial" style={{ "--hue": String(hue) }} aria-hidden="true">
      {Array.from(product.name)[0]}
    </div>
  );
}
