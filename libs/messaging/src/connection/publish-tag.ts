/**
 * Names the publish a returned message belongs to. A message id cannot: the same message may be in flight twice. It is on mandatory
 * messages only and is taken off again on delivery.
 */
export const publishTagHeader = 'x-publish-tag';
