-- Which frames are written against a layout: asked when layouts without samples are removed.
CREATE INDEX sample_frame_layout ON sample_frame (layout);
