from odoo import Command
from odoo.tests import BaseCase, tagged

from ..engine.china_regions import PREFECTURES, PROVINCES
from ..engine.pasted_address import MAX_LENGTH, PastedAddress, split_address
from .common import PortalCommon
from .test_tour import TourCommon

WHOLE = PastedAddress("王芳", "13812345678", "浙江省", "杭州市", "滨江区", "江南大道3888号")
BARE = WHOLE._replace(name="", phone="")
# One address as people paste it.
SAME = (
    "王芳 13812345678 浙江省杭州市滨江区江南大道3888号",
    "王芳13812345678浙江省杭州市滨江区江南大道3888号",
    "王芳浙江省杭州市滨江区江南大道3888号13812345678",
    "浙江省杭州市滨江区江南大道3888号 王芳 13812345678",
    "浙江省杭州市滨江区江南大道3888号王芳13812345678",
    "王芳，13812345678，浙江杭州滨江区江南大道3888号",
    "王芳,浙江省,杭州市,滨江区,江南大道3888号,13812345678",
    "  王芳\r\n\r\n138 1234 5678\n浙江省 杭州市 滨江区\n江南大道3888号\n",
    "王芳　１３８１２３４５６７８　浙江省杭州市滨江区江南大道３８８８号",
    "王芳(收) +86-138-1234-5678 中国浙江省杭州市滨江区江南大道3888号",
    "收货人：王芳 电话：13812345678 地址：浙江省杭州市滨江区江南大道3888号",
    "收件人:王芳\n手机号码:138-1234-5678\n所在地区:浙江省杭州市滨江区\n详细地址:江南大道3888号",
    "地址：浙江省杭州市滨江区江南大道3888号；联系人：王芳；手机：13812345678",
    "收货人\n王芳\n手机号\n13812345678\n收货地址\n浙江省 杭州市 滨江区 江南大道3888号",
)
# Text → (province, city, district, street)
REGIONS = {
    "上海市浦东新区张江路88号": ("上海市", "上海市", "浦东新区", "张江路88号"),
    "上海浦东新区张江路88号": ("上海市", "上海市", "浦东新区", "张江路88号"),
    "上海市上海市浦东新区张江路88号": ("上海市", "上海市", "浦东新区", "张江路88号"),
    "北京北京市朝阳区建国路1号": ("北京市", "北京市", "朝阳区", "建国路1号"),
    "天津市市辖区和平区南京路1号": ("天津市", "天津市", "和平区", "南京路1号"),
    "重庆市酉阳土家族苗族自治县桃花源街道1号": (
        "重庆市", "重庆市", "酉阳土家族苗族自治县", "桃花源街道1号",
    ),
    "内蒙古呼和浩特市赛罕区大学东街1号": ("内蒙古自治区", "呼和浩特市", "赛罕区", "大学东街1号"),
    "内蒙古自治区锡林郭勒盟西乌珠穆沁旗巴镇1号": (
        "内蒙古自治区", "锡林郭勒盟", "西乌珠穆沁旗", "巴镇1号",
    ),
    "广西壮族自治区南宁市青秀区民族大道100号": (
        "广西壮族自治区", "南宁市", "青秀区", "民族大道100号",
    ),
    "广西南宁青秀区民族大道100号": ("广西壮族自治区", "南宁市", "青秀区", "民族大道100号"),
    "新疆喀什地区喀什市人民路1号": ("新疆维吾尔自治区", "喀什地区", "喀什市", "人民路1号"),
    "西藏拉萨市城关区北京中路1号": ("西藏自治区", "拉萨市", "城关区", "北京中路1号"),
    "香港特别行政区九龙弥敦道1号": ("香港特别行政区", "香港", "", "九龙弥敦道1号"),
    # the province is missing
    "杭州市滨江区江南大道3888号": ("浙江省", "杭州市", "滨江区", "江南大道3888号"),
    "杭州滨江区江南大道3888号": ("浙江省", "杭州市", "滨江区", "江南大道3888号"),
    "吉林市船营区解放大路1号": ("吉林省", "吉林市", "船营区", "解放大路1号"),
    "海南藏族自治州共和县恰卜恰镇": ("青海省", "海南藏族自治州", "共和县", "恰卜恰镇"),
    # the city or the district is missing, or there is none
    "浙江省义乌市稠州北路699号": ("浙江省", "义乌市", "", "稠州北路699号"),
    "浙江省金华市义乌市稠州北路699号": ("浙江省", "金华市", "义乌市", "稠州北路699号"),
    "湖北省仙桃市沙嘴街道1号": ("湖北省", "仙桃市", "", "沙嘴街道1号"),
    "广东省东莞市长安镇振安路1号": ("广东省", "东莞市", "", "长安镇振安路1号"),
    "浙江杭州江南大道3888号": ("浙江省", "杭州市", "", "江南大道3888号"),
    # words that look like more than they are
    "南京东路100号": ("", "", "", "南京东路100号"),
    "江苏路100号": ("", "", "", "江苏路100号"),
    "浙江省杭州市阳光小区3栋501室": ("浙江省", "杭州市", "", "阳光小区3栋501室"),
    "浙江省杭州市滨江区红旗路1号": ("浙江省", "杭州市", "滨江区", "红旗路1号"),
    "浙江省台州市路桥区新安西街1号": ("浙江省", "台州市", "路桥区", "新安西街1号"),
    "哈尔滨市道里区中央大街1号": ("黑龙江省", "哈尔滨市", "道里区", "中央大街1号"),
    "江苏省苏州市苏州工业园区星湖街1号": ("江苏省", "苏州市", "苏州工业园区", "星湖街1号"),
    "深圳市南山区科技园南区高新南一道8号": (
        "广东省", "深圳市", "南山区", "科技园南区高新南一道8号",
    ),
}  # fmt: skip
OTHERS = {
    "": PastedAddress(),
    "   \n ，": PastedAddress(),
    "13812345678": PastedAddress(phone="13812345678"),
    "王芳": PastedAddress(name="王芳"),
    "Wang Fang, 13812345678, 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(name="Wang Fang"),
    "买买提·艾力 13812345678 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(name="买买提·艾力"),
    # behind the address only a usual surname is one, or what stands beside the phone
    "浙江省杭州市滨江区江南大道3888号 巴特尔 13812345678": WHOLE._replace(name="巴特尔"),
    "浙江省杭州市滨江区江南大道3888号 三号楼": BARE._replace(street="江南大道3888号三号楼"),
    "华瑞机电有限公司 王芳 13812345678 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(
        rest="华瑞机电有限公司"
    ),
    "王芳 13812345678-1234 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(
        phone="13812345678-1234"
    ),
    "王芳 0571-88881111转802 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(
        phone="0571-88881111-802"
    ),
    "王芳 13812345678 0571-88881111 浙江省杭州市滨江区江南大道3888号": WHOLE._replace(
        rest="0571-88881111"
    ),
    "浙江省杭州市滨江区江南大道3888号 邮编：310051": BARE._replace(zip="310051"),
    "浙江省杭州市滨江区江南大道3888号A座 1201 室": BARE._replace(street="江南大道3888号A座1201室"),
}


@tagged("post_install", "-at_install")
class TestPastedAddress(BaseCase):
    def test_one_address_in_many_ways(self):
        for text in SAME:
            with self.subTest(text):
                self.assertEqual(split_address(text), WHOLE)

    def test_regions(self):
        for text, (province, city, district, street) in REGIONS.items():
            expected = PastedAddress(province=province, city=city, district=district, street=street)
            with self.subTest(text):
                self.assertEqual(split_address(text), expected)
            with self.subTest(f"with a name: {text}"):
                expected = expected._replace(name="王芳", phone="13812345678")
                self.assertEqual(split_address(f"王芳 13812345678 {text}"), expected)

    def test_others(self):
        for text, expected in OTHERS.items():
            with self.subTest(text):
                self.assertEqual(split_address(text), expected)

    def test_every_city_is_found(self):
        for _short, city, province in PREFECTURES:
            for text in (f"{province}{city}中心路1号", f"{city}中心路1号"):
                with self.subTest(text):
                    parts = split_address(text)
                    self.assertEqual(
                        (parts.province, parts.city, parts.street), (province, city, "中心路1号")
                    )

    def test_long_and_strange_texts_come_to_an_end(self):
        for text in (
            "1" * 10**6,
            "市" * 10**6,
            "：\n" * 10**5,
            "区县" * 10**5,
            "\x00☎" * 999,
            None,
        ):
            parts = split_address(text)
            self.assertLessEqual(len("".join(parts)), MAX_LENGTH + 20)


@tagged("post_install", "-at_install")
class TestPastedAddressRoute(PortalCommon):
    def _split(self, text):
        self.authenticate("kh_dealer", "kh_dealer")
        return self.make_jsonrpc_request("/shop/kh/address/split", {"text": text})

    def test_fields_of_the_form(self):
        answer = self._split(SAME[0])
        state = self.env.ref("base.state_cn_ZJ")
        self.assertEqual(
            answer["fields"],
            {
                "name": "王芳",
                "phone": "13812345678",
                "street": "滨江区江南大道3888号",
                "city": "杭州市",
                "state_id": state.id,
                "country_id": state.country_id.id,
            },
        )

    def test_nothing_found_overwrites_nothing(self):
        for text in ("", None, 5, ["x"], {}):
            self.assertEqual(self._split(text), {"fields": {}, "rest": ""})

    def test_every_province_is_a_state_of_core(self):
        states = self.env["res.country.state"].search([("country_id.code", "=", "CN")])
        self.assertEqual({state.code: state.name for state in states if state.code in (
            PROVINCES.values())}, {code: name for name, code in PROVINCES.items()})  # fmt: skip

    def test_the_box_is_for_new_addresses_of_a_b2b_shop(self):
        self.authenticate("kh_dealer", "kh_dealer")
        path = "/my/address?address_type=delivery"
        self.assertIn("data-kh-paste-address", self.url_open(path).text)
        self.website.kh_is_b2b = False
        self.assertNotIn("data-kh-paste-address", self.url_open(path).text)


class PasteTourCommon(TourCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sale.order"].create(
            {
                "partner_id": cls.user.partner_id.id,
                "website_id": cls.website.id,
                "company_id": cls.company.id,
                "order_line": [Command.create({"product_id": cls.variants[0].id})],
            }
        )

    def _check_pasting(self):
        self.start_tour(
            "/shop/address?address_type=delivery",
            "kh_b2b_portal_paste_address",
            login="kh_dealer",
            timeout=120,
            cookies={"frontend_lang": "zh_CN"},
        )
        address = self.env["res.partner"].search([("name", "=", "王芳")])
        self.assertEqual(address.commercial_partner_id, self.dealer)
        self.assertEqual(
            (address.phone, address.state_id, address.city, address.street),
            ("13812345678", self.env.ref("base.state_cn_ZJ"), "杭州市", "滨江区江南大道3888号"),
        )


@tagged("post_install", "-at_install")
class TestPasteTourComputer(PasteTourCommon):
    browser_size = "1280x900"

    def test_paste_at_the_desk(self):
        self._check_pasting()


@tagged("post_install", "-at_install")
class TestPasteTourPhone(PasteTourCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_paste_on_the_phone(self):
        self._check_pasting()
