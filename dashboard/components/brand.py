"""The product's mark, drawn here so that no page asks the network for a picture."""

_BARS = (
    '<rect x="3" y="4" width="26" height="5" rx="2.5" fill="#3B82F6"/>'
    '<rect x="3" y="11" width="19" height="5" rx="2.5" fill="#0D9488"/>'
    '<rect x="3" y="18" width="12" height="5" rx="2.5" fill="#D97706"/>'
    '<rect x="3" y="25" width="6" height="5" rx="2.5" fill="#8B5CF6"/>'
)
#: Four tiers, each with less left to answer.
ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 34" width="32" height="34">{_BARS}</svg>'
LOGO = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 178 34" width="178" height="34">{_BARS}'
    '<text x="40" y="25" font-family="sans-serif" font-size="22" font-weight="700" fill="#5B7FB8" '
    'textLength="134" lengthAdjust="spacingAndGlyphs">ProsePolish</text></svg>'
)
