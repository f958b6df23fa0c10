//! The script of the pages, our own. It is a file beside the pages, as at the real sites: the texts of its
//! alerts must not stand in a page, where they would read as an answer.

use super::quoted;
use crate::harness::texts::known;
use crate::site::Site;
use crate::site::dialect::FieldSource;

/// The script for a dialect: plain enough for any browser since 2015.
pub(crate) fn page_script(site: &Site) -> String {
    let dialect = &site.dialect;
    let check = format!("{}{}", dialect.address.prefix, dialect.paths.human_check.render(|_| None));
    let fields = &dialect.application.fields;
    let payment = fields.iter().find(|field| field.from == FieldSource::Payment);
    let payment = payment.map_or("payment_total_amt", |field| field.name.as_str());
    let values = format!(
        "var OVER_MAXIMUM = {};\nvar CHECK_NEEDED = {};\nvar CHECK_ADDRESS = {};\nvar PAYMENT = {};\nvar SALE = {};\n",
        quoted(known::OVER_MAXIMUM),
        quoted(known::CHECK_NEEDED),
        quoted(&check),
        quoted(payment),
        quoted("sale_amt"),
    );
    format!("{values}{SCRIPT}")
}

const SCRIPT: &str = r#"
function byId(id) { return document.getElementById(id); }
function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
function minutes(text) { var p = text.split(':'); return Number(p[0]) * 60 + Number(p[1]); }
function on(element, name, handler) { if (element) element.addEventListener(name, handler); }

document.addEventListener('DOMContentLoaded', function () {
  // Menus: a click anywhere in the entry follows its link.
  all('li.category_li_over, li.category_li_out').forEach(function (li) {
    on(li, 'click', function (event) {
      if (event.target.tagName !== 'A') location.href = li.querySelector('a').href;
    });
  });
  all('a.btn_rent_login').forEach(function (a) {
    on(a, 'click', function (event) {
      event.preventDefault();
      if (confirm('로그인 후 이용하실 수 있습니다. 로그인 하시겠습니까?')) {
        location.href = document.querySelector('#tnb li:nth-child(2) a').getAttribute('href');
      }
    });
  });

  // Purpose: the day list shows one of two tables; the day page loads the other list.
  var sports = document.querySelector('table.rent_daylist_table_sports');
  var events = document.querySelector('table.rent_daylist_table_events');
  ['select_group_sport', 'select_group_notsport'].forEach(function (id) {
    on(byId(id), 'click', function () {
      byId('select_group_sport').checked = id === 'select_group_sport';
      byId('select_group_notsport').checked = id !== 'select_group_sport';
      if (sports && events) {
        sports.style.display = id === 'select_group_sport' ? '' : 'none';
        events.style.display = id === 'select_group_sport' ? 'none' : '';
      } else if (byId('baseURL')) {
        location.href = location.pathname.replace(/\/[A-Z]$/, '') + '/' + byId(id).value;
      }
    });
  });

  // The small calendar of the day page.
  all('table.calendar_table td').forEach(function (td) {
    on(td, 'mouseover', function () { td.style.backgroundColor = 'yellow'; });
    on(td, 'mouseout', function () { td.style.backgroundColor = ''; });
    on(td, 'click', function () {
      var spans = all('span', td).slice(0, 3).map(function (s) { return s.textContent.replace(/[^0-9]/g, ''); });
      if (!spans[2]) return;
      var two = function (t) { return t.length < 2 ? '0' + t : t; };
      location.href = location.pathname.replace(
        /\/\d{4}\/\d{1,2}\/\d{1,2}\//, '/' + spans[0] + '/' + two(spans[1]) + '/' + two(spans[2]) + '/');
    });
  });

  var form = byId('reservation_form');
  var boxes = all('input.select_check, input.select_check_events');
  if (form && boxes.length) dayPage(form, boxes);
  if (form && byId('agree_1')) applicantForm(form);
});

function dayPage(form, boxes) {
  function index(box) { return Number(box.id.replace(/^.*_/, '')); }
  function prefix(box) { return box.className === 'select_check' ? 'sports' : 'events'; }
  function stime(box) { return byId(prefix(box) + '_stime_' + index(box)).value; }
  function etime(box) { return byId(prefix(box) + '_etime_' + index(box)).value; }
  function chosen() { return boxes.filter(function (b) { return b.checked; }); }
  function refresh() {
    var run = chosen();
    byId('select_cnt').value = run.length;
    byId('reservation_stime').value = run.length ? stime(run[0]) : '';
    byId('reservation_etime').value = run.length ? etime(run[run.length - 1]) : '';
    // One run: only its two ends can be let go, only its two neighbours can be added.
    var first = run.length ? index(run[0]) : 0, last = run.length ? index(run[run.length - 1]) : 0;
    boxes.forEach(function (b) {
      var n = index(b);
      b.dataset.locked = run.length > 0 && (n < first - 1 || n > last + 1 || (n > first && n < last)) ? '1' : '';
    });
  }
  boxes.forEach(function (box) {
    on(box, 'click', function (event) {
      if (box.dataset.locked) { event.preventDefault(); return; }
      var total = chosen().reduce(function (sum, b) { return sum + minutes(etime(b)) - minutes(stime(b)); }, 0);
      if (total > Number(byId('max_rent_time').value) * 60) {
        event.preventDefault();
        box.checked = false;
        alert(OVER_MAXIMUM);
      }
      setTimeout(refresh, 0);
    });
  });
  on(byId('btn_realperson'), 'click', function () {
    var body = 'defaultReal=' + encodeURIComponent(byId('defaultReal').value) +
      '&defaultRealHash=' + encodeURIComponent(byId('defaultRealHash').value) +
      '&revcd=' + encodeURIComponent(byId('revcd').value);
    var request = new XMLHttpRequest();
    request.open('POST', CHECK_ADDRESS);
    request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
    request.onload = function () {
      var answer = JSON.parse(request.responseText);
      alert(answer.msg);
      if (answer.stat === 'goodday') byId('btn_realperson').style.display = 'none';
    };
    request.send(body);
  });
  on(byId('btn_reservation'), 'click', function () {
    var check = byId('btn_realperson');
    if (check && check.style.display !== 'none') { alert(CHECK_NEEDED); return; }
    var total = chosen().reduce(function (sum, b) { return sum + minutes(etime(b)) - minutes(stime(b)); }, 0);
    var least = Number(byId('min_rent_time').value);
    if (total < least * 60) { alert('예약가능한 최소시간은 ' + least + '시간 입니다.'); return; }
    if (confirm('선택하신 시간으로 신청하시겠습니까?')) form.submit();
  });
}

function applicantForm(form) {
  function join() {
    all('p.joined').forEach(function (p) {
      p.querySelector('.whole').value = all('.part', p).map(function (i) { return i.value; }).join('-');
    });
  }
  function pay() {
    var select = form.querySelector('select.discount');
    var percent = Number(select.options[select.selectedIndex].title);
    var amount = Math.floor(Number(byId(SALE).value) * (100 - percent) / 100);
    byId(PAYMENT).value = String(amount).replace(/\B(?=(\d{3})+$)/g, ',');
  }
  on(form.querySelector('select.discount'), 'change', pay);
  all('.part').forEach(function (part) { on(part, 'change', join); });
  on(byId('btn_reservation'), 'click', function () {
    if (!byId('agree_1').checked) { alert('이용 약관에 동의하셔야 합니다.'); return; }
    join();
    form.submit();
  });
}
"#;
