"""The few lines that must run before anything is drawn: portal, language and theme of this screen.

`SCRIPT` goes inline into the index template's head (its hash belongs in the content security policy).
"""

SCRIPT = """(function () {
  var d = document, root = d.documentElement, query = new URLSearchParams(location.search);
  function read(name) { var m = d.cookie.match('(?:^|; )' + name + '=([^;]*)'); return m ? decodeURIComponent(m[1]) : ''; }
  function keep(name, value) { d.cookie = name + '=' + value + '; path=/; max-age=31536000; samesite=lax'; }
  function one(value, known) { return known.indexOf(value) >= 0 ? value : ''; }
  var w = window.innerWidth || screen.width, h = window.innerHeight || screen.height;
  var guess = w < 600 ? 'phone' : (w / h >= 2.6 || w >= 3000) ? 'wall' : 'desk';
  var asked = one(query.get('portal'), ['wall', 'desk', 'phone']);
  if (asked) { try { sessionStorage.setItem('portal', asked); } catch (e) {} }
  var stuck = ''; try { stuck = one(sessionStorage.getItem('portal'), ['wall', 'desk', 'phone']); } catch (e) {}
  var portal = asked || stuck || guess;
  var lang = one(query.get('lang'), ['zh', 'en']) || one(read('lang'), ['zh', 'en']) || 'zh';
  var dark = window.matchMedia && matchMedia('(prefers-color-scheme: dark)').matches;
  var theme = portal === 'wall' ? 'dark'
    : one(query.get('theme'), ['light', 'dark']) || one(read('theme'), ['light', 'dark']) || (dark ? 'dark' : 'light');
  if (read('portal') !== portal) keep('portal', portal);
  if (read('lang') !== lang) keep('lang', lang);
  root.dataset.portal = portal; root.dataset.theme = theme; root.lang = lang === 'zh' ? 'zh-CN' : 'en';
  root.dataset.lang = lang;
})();"""
