/**
 * Vietnamese texts. Defines the keys; the home of official terms.
 *
 * `**…**` is strong emphasis. Values with holes are functions of texts already written for the language.
 */
export const vi = {
  shell: {
    name: 'Thanh toán dịch vụ công',
    skip: 'Bỏ qua để đến nội dung chính',
    officialSite: 'Trang chính thức',
    sandboxNotice: 'Thông báo',
    howToTell: 'Cách nhận biết',
    stripPanel: (domain: string, phone: string) =>
      `Địa chỉ trang phải kết thúc bằng **${domain}**. Chúng tôi không gửi đường dẫn nộp tiền qua tin nhắn và không hỏi mật khẩu, mã OTP. Nghi ngờ? Gọi ${phone}.`,
    sandbox: 'Môi trường thử nghiệm. Không thu tiền thật.',
    help: 'Cần trợ giúp? Gọi',
    helpTerms: (hours: string) => `(miễn phí, ${hours})`,
    otherLanguage: 'English',
    back: 'Quay lại',
    verify: 'Kiểm tra biên lai',
    findDue: 'Tìm khoản phải nộp',
    errorTitle: (title: string) => `Lỗi: ${title}`,
    finance: 'Tài chính',
    footerLinks: 'Trợ giúp',
    menu: 'Mục lục',
  },

  money: {
    tag: {
      not_paid: 'Chưa nộp',
      not_received: 'Chưa nhận được tiền',
      waiting: 'Chờ ngân hàng',
      paid: 'Đã nộp',
      failed: 'Không thành công',
      checking: 'Đang kiểm tra',
      refund_under_way: 'Đang hoàn tiền',
      refunded: 'Đã hoàn tiền',
      expired: 'Hết hạn',
      cancelled: 'Đã hủy',
      amount_differs: 'Lệch số tiền',
    },
    notPaid: 'Chưa có khoản tiền nào bị trừ.',
    notReceived:
      'Chúng tôi chưa nhận được tiền chuyển khoản. Nếu bạn đã chuyển, đừng nộp lại: tiền đến sau vẫn được ghi nhận.',
    waiting: 'Chúng tôi chưa biết ngân hàng đã trừ tiền hay chưa. Đừng nộp lại lúc này.',
    paid: (amount: string) => `Cơ quan thu đã ghi nhận ${amount}.`,
    failed: 'Ngân hàng báo không trừ tiền. Bạn có thể nộp lại.',
    checking: (bank: string, time: string, date: string) =>
      `Chúng tôi đang kiểm tra với ${bank}. Kết quả có ở trang này trước ${time} ngày ${date}. Bạn không cần nộp lại.`,
    refundUnderWay: (amount: string, by: string) =>
      `${amount} đang được trả về tài khoản bạn đã dùng để nộp, chậm nhất ${by}.`,
    payoutUnderWay: (amount: string, by: string) =>
      `${amount} đang được trả về tài khoản bạn cho chúng tôi biết, chậm nhất ${by}.`,
    payoutAwaited: (amount: string) =>
      `Chúng tôi đang giữ ${amount} của bạn và sẽ chuyển trả sau khi bạn cho biết tài khoản.`,
    refunded: (amount: string, at: string) => `Ngân hàng đã trả ${amount} cho bạn lúc ${at}.`,
    expiredNotPaid: 'Lần thanh toán này đã hết hạn. Chưa có khoản tiền nào bị trừ.',
    expiredWaiting:
      'Lần thanh toán này đã hết hạn. Chúng tôi chưa biết ngân hàng đã trừ tiền hay chưa. Đừng nộp lại lúc này.',
    expiredNotReceived:
      'Mã chuyển khoản này đã hết hạn. Chúng tôi chưa nhận được tiền. Nếu bạn đã chuyển, đừng nộp lại: tiền đến sau vẫn được ghi nhận.',
    cancelled: 'Bạn đã hủy. Chưa có khoản tiền nào bị trừ.',
    differsPayRest: (received: string, due: string, rest: string, by: string) =>
      `Chúng tôi đã nhận ${received} nhưng số phải nộp là ${due}. Tiền được giữ an toàn; bạn nộp thêm ${rest} với cùng mã này trước ${by}.`,
    differsChecking: (received: string, due: string) =>
      `Chúng tôi đã nhận ${received} nhưng số phải nộp là ${due}. Tiền được giữ an toàn; chúng tôi đang kiểm tra và bạn không cần nộp lại.`,
    differsPayout: (received: string, due: string) =>
      `Chúng tôi đã nhận ${received} nhưng số phải nộp là ${due}. Tiền được giữ an toàn; chúng tôi trả lại ${received} về tài khoản bạn cho chúng tôi biết.`,
    differsAwaited: (received: string, due: string) =>
      `Chúng tôi đã nhận ${received} nhưng số phải nộp là ${due}. Tiền được giữ an toàn; chúng tôi chuyển trả ${received} sau khi bạn cho biết tài khoản.`,
    differsRefund: (received: string, due: string) =>
      `Chúng tôi đã nhận ${received} nhưng số phải nộp là ${due}. Tiền được giữ an toàn; chúng tôi trả lại ${received} về tài khoản bạn đã dùng để nộp.`,
  },

  order: {
    title: 'Kiểm tra trước khi nộp tiền',
    total: 'Tổng số tiền phải nộp',
    transactionFee: 'Phí giao dịch',
    free: 'Miễn phí',
    kind: {
      fee: 'Phí',
      charge: 'Lệ phí',
      tax: 'Thuế',
      registration_fee: 'Lệ phí trước bạ',
      land: 'Nghĩa vụ tài chính về đất đai',
      penalty: 'Tiền phạt',
      late_interest: 'Tiền chậm nộp',
      social_insurance: 'Bảo hiểm xã hội',
      health_insurance: 'Bảo hiểm y tế',
      court_advance: 'Tạm ứng án phí',
      electricity: 'Tiền điện',
      other: 'Khoản phải nộp khác',
    },
    lateCalculation: (days: number, rate: string, base: string) =>
      `${base} × ${rate} × ${days} ngày, tính đến hết hôm qua`,
    why: 'Vì sao bạn phải nộp',
    offence: 'Hành vi',
    procedure: 'Mã thủ tục hành chính',
    dossier: 'Hồ sơ',
    decision: 'Quyết định xử phạt',
    decisionNumber: (number: string, issuedOn: string) => `Số ${number}, ngày ${issuedOn}`,
    viewDecision: 'Xem quyết định và căn cứ pháp lý',
    agency: 'Cơ quan thu',
    decidingAgency: 'Cơ quan ra quyết định',
    paidInto: 'Tiền được nộp vào',
    dueOn: 'Hạn nộp',
    daysLeft: (date: string, days: number) => `${date} (còn ${days} ngày)`,
    dueToday: (date: string) => `${date} (hôm nay)`,
    overdue: (date: string, days: number) => `${date} (quá hạn ${days} ngày)`,
    lookupCode: 'Mã tra cứu',
    payer: 'Người nộp',
    penalised: 'Người bị xử phạt',
    debtor: 'Người phải nộp',
    identity: {
      citizen_number: (masked: string) => `Căn cước ${masked}`,
      tax_code: (masked: string) => `Mã số thuế ${masked}`,
      other_paper: (masked: string) => `Giấy tờ số ${masked}`,
    },
    anybodyMayPay: 'Người khác nộp thay được. Biên lai ghi tên người phải nộp.',
    amount: 'Số tiền',
    method: 'Cách thanh toán',
    pay: (amount: string) => `Thanh toán ${amount}`,
    safeApprove: 'Tiền chỉ bị trừ khi bạn xác nhận ở ngân hàng.',
    safeTwice:
      'Mất mạng giữa chừng? Bạn không bị thu hai lần. Nếu ngân hàng trừ trùng, tiền được trả lại tự động.',
    safeSecrets: 'Chúng tôi không bao giờ hỏi mật khẩu hay mã OTP.',
    chooseMethod: 'Chọn một cách thanh toán',
    amountChanged: (amount: string) => `**Số tiền đã thay đổi: ${amount}.**`,
    amountChangedWhy: (day: number, added: string) => `Hôm nay là ngày chậm nộp thứ ${day}, thêm ${added}.`,
    noMethodTitle: 'Hiện chưa nộp được',
    noMethod: (until: string) => `Dự kiến lại lúc ${until}. Hãy quay lại trang này bằng mã tra cứu.`,
    noMethodForAmount: (agency: string) =>
      `Không cách nào ở đây nhận được số tiền này một lần. Hỏi ${agency} cách nộp khác, như nộp tại quầy ngân hàng hoặc Kho bạc.`,
    noMethodUnknown: 'Chúng tôi chưa biết khi nào nộp lại được. Hãy quay lại trang này bằng mã tra cứu.',
  },

  method: {
    transfer: 'Ứng dụng ngân hàng (VietQR)',
    chooseOther: 'Chọn cách khác.',
    slow: (minutes: number) => `Đang chậm, có thể chờ đến ${minutes} phút.`,
    maintenance: (name: string, until: string) => `${name} đang bảo trì đến ${until}.`,
    maintenanceNote: (name: string, until: string, note: string) =>
      `${name} đang bảo trì đến ${until}. ${note}`,
    failing: (name: string) => `${name} đang gặp sự cố và thường trở lại sau ít phút.`,
    unavailable: (name: string) => `${name} đang gián đoạn.`,
    overLimit: (name: string, limit: string) => `${name} nhận tối đa ${limit} mỗi lần.`,
    underMinimum: (name: string, minimum: string) => `${name} nhận từ ${minimum} mỗi lần.`,
  },

  handOff: {
    redirectTitle: (bank: string) => `Đang chuyển bạn tới ${bank}`,
    redirectBody: (bank: string, amount: string) =>
      `Bạn xác nhận nộp **${amount}** trên trang của ${bank}. Nếu trang không tự chuyển, bấm tiếp tục.`,
    continueTo: (bank: string) => `Tiếp tục tới ${bank}`,
    returnHere: 'Xong ở ngân hàng, bạn được đưa về trang kết quả. Nếu không, tra bằng mã này:',
    qrTitle: (amount: string) => `Nộp ${amount} bằng ứng dụng ngân hàng`,
    validUntil: (time: string, minutes: number) => `Mã có hiệu lực đến **${time}** (còn ${minutes} phút).`,
    scan: 'Quét mã bằng ứng dụng ngân hàng',
    scanHint: 'Đang dùng điện thoại này? Lưu ảnh mã, rồi mở ảnh trong ứng dụng ngân hàng.',
    saveImage: 'Lưu ảnh mã',
    qrLabel: (amount: string, content: string) => `Mã VietQR: ${amount}, nội dung ${content}`,
    check: 'Kiểm tra trên ứng dụng trước khi xác nhận',
    recipient: 'Tên người nhận phải đúng là',
    bank: 'Ngân hàng',
    account: 'Số tài khoản',
    amount: 'Số tiền',
    content: 'Nội dung',
    stop: (phone: string) => `**Khác một chữ? Dừng lại.** Gọi ${phone} trước khi chuyển.`,
    seeResult: 'Tôi đã chuyển, xem kết quả',
    copy: 'Sao chép',
    copyWhat: (what: string) => `Sao chép ${what}`,
    copied: 'Đã sao chép',
    /** The bank of a payer who transfers by themselves, in a sentence. */
    anyBank: 'ngân hàng',
  },

  waiting: {
    title: 'Đang chờ ngân hàng xác nhận',
    body: (bank: string, amount: string, usual: string) =>
      `Chúng tôi **chưa nhận được** xác nhận từ ${bank} cho khoản **${amount}**. Thường mất dưới ${usual}, có thể phải chờ đến 15 phút.`,
    bodyUnmeasured: (bank: string, amount: string) =>
      `Chúng tôi **chưa nhận được** xác nhận từ ${bank} cho khoản **${amount}**. Có thể phải chờ đến 15 phút.`,
    bodyTransfer: (amount: string) =>
      `Chúng tôi **chưa nhận được** khoản chuyển **${amount}**. Sau khi bạn chuyển, có thể phải chờ đến 15 phút.`,
    clock: (waited: string, time: string) => `Đã chờ ${waited}. Lần kiểm tra gần nhất: ${time}.`,
    clockNeverAsked: (waited: string) => `Đã chờ ${waited}.`,
    polls: 'Trang tự kiểm tra lại sau vài giây.',
    otherwise: 'Nếu ngân hàng đã trừ tiền, khoản nộp sẽ tự được ghi nhận. Nếu chưa, bạn không mất tiền.',
    leaveWithContact: (contact: string) =>
      `Bạn có thể đóng trang này. Kết quả được gửi tới **${contact}**, hoặc tra bằng mã:`,
    leave: 'Bạn có thể đóng trang này và tra kết quả bằng mã:',
    code: 'Mã tra cứu khoản nộp',
    notApproved: (bank: string) => `Chưa xác nhận? Tiếp tục tới ${bank}`,
    notTransferred: 'Chưa chuyển? Xem lại mã chuyển khoản',
    otherWay: (time: string) =>
      `Muốn nộp cách khác? Nếu bạn không xác nhận ở ngân hàng, lần này hết hạn lúc ${time}; sau đó bạn chọn lại được.`,
    otherWayThanTransfer: (time: string) =>
      `Muốn nộp cách khác? Nếu bạn không chuyển tiền, lần này hết hạn lúc ${time}; sau đó bạn chọn lại được.`,
    checkAgain: 'Kiểm tra lại ngay',
    laterTitle: 'Nếu quá 15 phút chưa có kết quả',
    later: (time: string) =>
      `Chúng tôi tự hỏi lại ngân hàng. Kết quả có ở trang này trước ${time}. Bạn không cần gọi điện hay nộp lại.`,
    laterTransfer:
      'Tiền đến lúc nào được ghi nhận lúc ấy, kể cả khi mã đã hết hạn. Bạn không cần gọi điện hay nộp lại.',
    cancel: 'Tôi chưa xác nhận ở ngân hàng, hủy lần thanh toán này',
    seconds: (count: number) => `${count} giây`,
    minutes: (count: number) => `${count} phút`,
    hours: (count: number) => `${count} giờ`,
  },

  checking: {
    title: (bank: string) => `Chúng tôi đang kiểm tra với ${bank}`,
    amount: (amount: string) => `Khoản nộp **${amount}** chưa có trả lời rõ ràng từ ngân hàng.`,
    outcomesTitle: 'Hai khả năng',
    outcomes: [
      '**Nếu tiền đã bị trừ:** khoản nộp được ghi nhận theo thời điểm bạn chuyển, không bị tính chậm nộp.',
      '**Nếu chưa:** trang này báo không trừ tiền và bạn nộp lại được.',
    ],
    late: (team: string, phone: string, newTime: string) =>
      `**Chúng tôi trễ hẹn.** Đơn vị phụ trách: ${team}, ${phone}. Hẹn mới: ${newTime}.`,
  },

  failed: {
    title: 'Thanh toán không thành công',
    insufficientFunds: (amount: string) => `Tài khoản không đủ ${amount}.`,
    overLimit: 'Vượt hạn mức trong ngày của ngân hàng. Nâng hạn mức trong ứng dụng hoặc dùng ngân hàng khác.',
    cancelledAtBank: 'Bạn đã hủy ở ngân hàng.',
    notVerified: 'Ngân hàng không xác thực được bạn. Kiểm tra mã OTP, số điện thoại đăng ký với ngân hàng.',
    maintenance: 'Ngân hàng đang bảo trì. Bạn có thể dùng ngân hàng khác.',
    declined: 'Ngân hàng từ chối lần thanh toán này và không cho biết lý do.',
    payAgain: (amount: string) => `Nộp lại ${amount}`,
    chooseOther: 'Chọn cách khác',
  },

  cancelled: {
    title: 'Bạn đã hủy lần thanh toán này',
    body: (amount: string) => `Khoản **${amount}** vẫn phải nộp. Bạn nộp lại bất cứ lúc nào trước hạn.`,
  },

  expired: {
    title: 'Lần thanh toán đã hết hạn',
    titleTransfer: 'Mã chuyển khoản đã hết hạn',
    notTransferred: (amount: string) => `Tôi chưa chuyển, nộp ${amount}`,
    justPaid: 'Nếu bạn vừa chuyển tiền, đừng tạo mã mới: xem kết quả.',
    startAgain: (amount: string) => `Nộp lại ${amount}`,
    seeResult: 'Xem kết quả',
  },

  differs: {
    title: 'Số tiền nhận được khác số phải nộp',
    received: 'Đã nhận',
    due: 'Phải nộp',
    rest: 'Còn phải nộp',
    payRest: (amount: string) => `Nộp thêm ${amount}`,
    ask: (phone: string) => `Cần hỏi về khoản tiền này? Gọi ${phone} và đọc mã tra cứu.`,
  },

  refund: {
    twiceTitle: (amount: string) => `Bạn đã nộp hai lần. Chúng tôi đang trả lại ${amount}.`,
    overTitle: (amount: string) => `Bạn đã nộp thừa ${amount}. Chúng tôi đang trả lại.`,
    accountTitle: (amount: string) => `Chúng tôi cần tài khoản của bạn để trả lại ${amount}`,
    underWayTitle: (amount: string) => `Chúng tôi đang trả lại ${amount}`,
    doneTitle: (amount: string) => `Đã hoàn ${amount}`,
    twiceBody: (first: string, second: string) =>
      `Lần nộp lúc ${first} được ghi nhận. Lần nộp lúc ${second} được trả lại. **Bạn không cần làm gì.**`,
    twiceBodyUndated: 'Một lần nộp được ghi nhận, lần còn lại được trả lại. **Bạn không cần làm gì.**',
    overBody: 'Khoản phải nộp đã được ghi nhận đủ. Phần thừa được trả lại. **Bạn không cần làm gì.**',
    body: 'Tiền về tài khoản bạn đã dùng để nộp. **Bạn không cần làm gì.**',
    bodyNamed: 'Tiền về tài khoản bạn đã cho chúng tôi biết. **Bạn không cần làm gì thêm.**',
    track: 'Tiền hoàn đang ở đâu',
    partUnderWay: (amount: string, by: string) =>
      `**${amount}** đang được hoàn lại cho bạn, chậm nhất ${by}.`,
    partHeld: (amount: string) => `**${amount}** được giữ để hoàn lại cho bạn.`,
    partDone: (amount: string, at: string) => `**${amount}** đã được hoàn lại cho bạn lúc ${at}.`,
  },

  payout: {
    ask: 'Cho biết tài khoản nhận tiền hoàn',
    see: 'Xem tài khoản nhận tiền hoàn',
    title: 'Tài khoản nhận tiền hoàn',
    body: (amount: string) =>
      `Chúng tôi cần số tài khoản của bạn để chuyển trả ${amount}. Chỉ nhập tài khoản đứng tên người đã nộp.`,
    bank: 'Ngân hàng',
    number: 'Số tài khoản',
    holder: 'Tên chủ tài khoản',
    review: 'Xem lại trước khi gửi',
    reviewTitle: 'Kiểm tra tài khoản nhận tiền hoàn',
    reviewBody: (amount: string) =>
      `**${amount}** sẽ được chuyển vào tài khoản này. Sai một số là tiền đến người khác.`,
    send: 'Đúng, gửi tài khoản này',
    edit: 'Sửa lại',
    errBank: 'Nhập tên ngân hàng',
    errNumber: 'Nhập số tài khoản từ 6 đến 19 chữ số',
    errHolder: 'Nhập tên chủ tài khoản như trên thẻ',
    given: (hint: string) => `Tiền hoàn sẽ được chuyển vào tài khoản ${hint}.`,
    change: (phone: string) => `Nếu tài khoản này không phải của bạn, gọi ${phone}.`,
    privacy:
      'Số tài khoản được mã hóa và chỉ dùng để chuyển trả khoản này. Chúng tôi không hỏi mật khẩu hay mã OTP.',
  },

  alreadyPaid: {
    title: 'Khoản này đã được nộp',
    body: (payer: string, amount: string, at: string) =>
      `Khoản của ${payer} đã được nộp ${amount} lúc ${at}.`,
    bodyUnnamed: (amount: string, at: string) => `Đã nộp ${amount} lúc ${at}.`,
    nothingToDo: '**Bạn không cần nộp nữa.**',
    seeReceipt: 'Xem biên lai',
  },

  timeline: {
    title: 'Tiền của bạn đang ở đâu',
    handedOff: (bank: string) => `Bạn đã sang trang của ${bank}`,
    codeShown: 'Bạn đã nhận mã chuyển khoản',
    awaitingTransfer: 'Chờ tiền chuyển đến',
    transferArrived: 'Tiền chuyển đã đến',
    awaitingBank: (bank: string) => `Chờ ${bank} xác nhận`,
    bankTookMoney: 'Ngân hàng đã trừ tiền',
    recorded: 'Cổng đã ghi nhận và cấp biên lai',
    toRecord: 'Cổng ghi nhận và cấp biên lai',
    agencyTold: (agency: string) => `${agency} đã nhận xác nhận`,
    toTellAgency: (agency: string) => `Báo cho ${agency}`,
    reconciled: 'Đối soát với sao kê của ngân hàng',
    surplusFound: 'Đã phát hiện khoản nộp thừa',
    refundApproved: 'Đã duyệt hoàn trả',
    toApproveRefund: 'Duyệt hoàn trả',
    refundAccountAwaited: 'Chờ bạn cho biết tài khoản',
    refundAccountKnown: 'Đã biết tài khoản nhận tiền',
    refundSent: 'Ngân hàng nhận lệnh hoàn trả',
    refundArrived: 'Tiền về tài khoản',
    noAnswerYet: 'Chưa có trả lời',
    expectedOn: (date: string) => `Dự kiến trong ngày ${date}. Việc này không ảnh hưởng đến bạn.`,
    telling: 'Đang báo, tự thử lại. Bạn không cần làm gì.',
    done: 'Đã xong',
    current: 'Đang diễn ra',
    todo: 'Chưa tới',
  },

  result: {
    title: 'Đã nộp thành công',
    at: (time: string, date: string) => `Lúc ${time} ngày ${date}`,
    nothingToDo: (agency: string) => `Bạn **không cần làm gì thêm**. ${agency} đã nhận được xác nhận.`,
    beingTold: (agency: string) => `Bạn **không cần làm gì thêm**. Chúng tôi đang báo cho ${agency}.`,
    nameAccount: (amount: string) =>
      `**Còn một việc:** cho biết tài khoản để chúng tôi chuyển trả ${amount}.`,
    bringReceipt: (place: string, hours: string) =>
      `Mang biên lai này tới **${place}** để nhận lại giấy tờ. Mở cửa ${hours}.`,
    downloadPdf: 'Tải biên lai (PDF)',
    backToAgency: 'Quay lại trang của cơ quan',
    receiptPending: (time: string) =>
      `Biên lai sẽ có trước ${time}. Khoản nộp của bạn đã được ghi nhận. Hãy lưu mã tra cứu này:`,
    moreTitle: 'Việc khác bạn có thể làm',
    payOther: 'Nộp khoản khác',
    checkReceipt: 'Kiểm tra biên lai là thật',
  },

  receipt: {
    title: 'Biên lai điện tử',
    symbol: (symbol: string) => `Ký hiệu ${symbol}`,
    number: (number: string) => `Số ${number}`,
    issuer: 'Cơ quan cấp',
    payer: 'Người nộp tiền',
    content: 'Nội dung thu',
    amount: 'Số tiền',
    inWords: (words: string) => `Bằng chữ: ${words}`,
    beneficiary: 'Đơn vị thụ hưởng',
    issuedAt: 'Thời điểm nộp',
    lookupCode: 'Mã tra cứu',
    verifyNote: 'Ai cũng có thể quét để kiểm tra biên lai là thật.',
    qrLabel: (code: string) => `Mã QR dẫn tới trang kiểm tra biên lai ${code}`,
    old: (count: number) => `${count} biên lai cũ, không còn giá trị`,
    replaced: (date: string) => `Biên lai này đã được thay thế ngày ${date}.`,
    voided: (date: string) => `Biên lai này đã bị hủy ngày ${date}.`,
  },

  verify: {
    title: 'Kiểm tra yêu cầu nộp tiền hoặc biên lai',
    label: 'Mã trên giấy, trong tin nhắn hoặc dưới mã QR',
    hint: (example: string) => `12 ký tự, ví dụ ${example}. Viết hoa hay thường, có gạch hay không đều được.`,
    button: 'Kiểm tra mã này',
    genuine: '**Biên lai thật.**',
    noLongerHolds: '**Biên lai này không còn giá trị.**',
    genuineBody: (agency: string, date: string, amount: string) =>
      `${agency} cấp ngày ${date}, số tiền ${amount}.`,
    symbolAndNumber: (symbol: string, number: string) => `Ký hiệu ${symbol}, số ${number}.`,
    request: '**Yêu cầu này là thật và chưa nộp.**',
    requestInProgress: '**Yêu cầu này là thật và đang có người thanh toán.**',
    requestDiffers: '**Yêu cầu này là thật.** Số tiền đã nhận khác số phải nộp.',
    requestPaid: '**Yêu cầu này là thật và đã nộp.** Bạn không cần nộp nữa.',
    requestRefunded: '**Yêu cầu này là thật.** Tiền đã nộp đã được hoàn trả.',
    requestWithdrawn: '**Yêu cầu này là thật nhưng đã được rút lại.** Bạn không phải nộp.',
    requestExpired: (agency: string) =>
      `**Yêu cầu này là thật nhưng đã hết hạn.** Hỏi ${agency} để nhận yêu cầu mới nếu bạn vẫn phải nộp.`,
    requestBody: (agency: string, amount: string) => `${agency} yêu cầu nộp ${amount}.`,
    unknown: (phone: string) =>
      `**Chúng tôi không cấp mã này. Có thể là giả.** Đừng chuyển tiền. Báo cho ${phone}.`,
    payer: (initials: string) => `Người nộp: ${initials}`,
    seeRequest: 'Xem khoản phải nộp',
    seeResult: 'Xem khoản này',
    errEmpty: 'Nhập mã trên giấy, trong tin nhắn hoặc dưới mã QR',
    errFormat: 'Mã này không đúng. Mã có 12 ký tự; kiểm tra lại từng ký tự trên giấy.',
  },

  find: {
    title: 'Nộp phí, lệ phí, thuế, tiền phạt',
    label: 'Mã hồ sơ, số quyết định xử phạt hoặc mã tra cứu',
    hint: (example: string) =>
      `In ở góc trên của giấy báo hoặc quyết định. Ví dụ: ${example} hoặc 0012345/QĐ-XPHC`,
    button: 'Tìm khoản phải nộp',
    errEmpty: 'Nhập mã hồ sơ, số quyết định hoặc mã tra cứu',
    errShort: (missing: number) => `Mã này thiếu ${missing} ký tự. Kiểm tra lại trên giấy.`,
    notFound: (code: string, phone: string) =>
      `Không tìm thấy mã ${code}. Quyết định mới thường có sau 24 giờ. Nếu ai đó gửi mã này qua tin nhắn, có thể là lừa đảo: gọi ${phone}.`,
    isItReal: 'Kiểm tra yêu cầu có thật không',
    privacy: 'Chúng tôi chỉ dùng mã này để tìm khoản phải nộp.',
  },

  owed: {
    title: (count: number) => `${count} khoản ghi theo mã này`,
    choose: 'Mỗi khoản có trang riêng. Khoản đã nộp được ghi rõ.',
    pay: (amount: string) => `Xem và nộp ${amount}`,
    see: 'Xem khoản này',
  },

  prove: {
    title: 'Xem tên và giấy tờ đầy đủ',
    why: 'Ai có số in trên giấy cũng mở được trang này. Tên và giấy tờ được che để người khác không xem được thông tin của bạn.',
    label: {
      citizen_number: '4 số cuối căn cước của người phải nộp',
      tax_code: '4 số cuối mã số thuế của người phải nộp',
      other_paper: '4 ký tự cuối số giấy tờ của người phải nộp',
      phone: '4 số cuối điện thoại của người phải nộp',
    },
    hint: 'Số đã khai với cơ quan. Không có cũng nộp tiền được.',
    button: 'Xem đầy đủ',
    errEmpty: 'Nhập 4 ký tự cuối',
    errWrong: '4 ký tự này không khớp. Kiểm tra lại trên giấy tờ của người phải nộp.',
    nothingToAsk: (phone: string) =>
      `Cơ quan không khai số giấy tờ nào. Hãy mở đường dẫn mà cơ quan đã gửi cho bạn, hoặc gọi ${phone}.`,
    hidden: 'Tên được che để người khác không xem được.',
    link: 'Xem đầy đủ',
    receiptLink: 'Xem biên lai có tên đầy đủ',
  },

  gateway: {
    sandbox: 'Ngân hàng thử nghiệm',
    vnpay: 'VNPAY',
    momo: 'MoMo',
    zalopay: 'ZaloPay',
    onepay: 'OnePay',
    vietqr: 'VietQR',
    stripe: 'Stripe',
    keypay: 'KeyPay',
  },

  /** What one needs for it, or does there. */
  gatewayHint: {
    sandbox: 'Đăng nhập trên trang của ngân hàng',
    vnpay: 'Thẻ, tài khoản ngân hàng hoặc mã VNPAY-QR',
    momo: 'Xác nhận trong ứng dụng MoMo',
    zalopay: 'Xác nhận trong ứng dụng ZaloPay',
    onepay: 'Thẻ ngân hàng',
    vietqr: 'Quét mã bằng ứng dụng của bất kỳ ngân hàng nào; số tiền và nội dung được điền sẵn',
    stripe: 'Thẻ quốc tế',
    keypay: 'Thẻ ATM hoặc tài khoản ngân hàng',
  },

  closed: {
    withdrawnTitle: 'Khoản này đã được rút lại',
    withdrawn: (agency: string, date: string) =>
      `${agency} đã rút lại khoản này ngày ${date}. **Bạn không phải nộp.**`,
    expiredTitle: 'Yêu cầu nộp tiền đã hết hạn',
    expired: (date: string, agency: string) =>
      `Yêu cầu này hết hạn ngày ${date}. Hỏi ${agency} để nhận yêu cầu mới nếu bạn vẫn phải nộp.`,
  },

  errors: {
    summary: 'Có lỗi cần sửa',
    notFoundTitle: 'Không có trang này',
    notFound: 'Kiểm tra lại địa chỉ, hoặc bắt đầu từ mã trên giấy của bạn.',
    faultTitle: 'Trang này gặp sự cố',
    fault: (incident: string) => `Mã sự cố: **${incident}**. Mở lại trang này, hoặc tìm lại bằng mã tra cứu.`,
    /** Beside a fault: true of every page of ours, whatever was pressed. */
    moneyAtBankOnly:
      'Tiền chỉ bị trừ khi bạn xác nhận ở ngân hàng. Nếu bạn đã xác nhận, **đừng nộp lại**: tìm lại bằng mã tra cứu để xem kết quả.',
    formStaleTitle: 'Trang đã mở quá lâu',
    formStale: 'Lần bấm vừa rồi chưa được thực hiện và không trừ tiền. Mở lại trang và bấm lại.',
    formStaleAgain:
      'Vẫn thấy trang này? Trình duyệt đang chặn cookie: bật cookie cho trang này, hoặc dùng trình duyệt khác.',
    signInTitle: 'Cần đăng nhập',
    signIn:
      'Trang này dành cho cán bộ tài chính. Mã đăng nhập hoặc mật khẩu không đúng, hoặc chưa được cấp quyền xem báo cáo.',
    limitedTitle: 'Bạn đã thử nhiều lần',
    limited: (minutes: number) => `Thử lại sau ${minutes} phút.`,
    unavailableTitle: 'Trang tạm thời chưa trả lời được',
    unavailable: (minutes: number) => `Thử lại sau ${minutes} phút. Hạn nộp của bạn không thay đổi.`,
    incident: (incident: string) => `Mã sự cố: ${incident}`,
    reopen: 'Mở lại trang',
  },

  list: {
    nextPage: 'Trang sau',
    firstPage: 'Về trang đầu',
    pages: 'Các trang',
    totalRow: 'Tổng cộng',
  },

  gateways: {
    menuLabel: 'Cổng thanh toán',
    title: 'Tình trạng các cổng thanh toán',
    asOf: (at: string) => `Số liệu lúc ${at}, chậm vài giây.`,
    caption: 'Tình trạng từng cổng',
    explain:
      'Tỷ lệ trả lời đếm các lượt gọi có câu trả lời dùng được; ngân hàng từ chối một khoản vẫn là trả lời. Thời gian là mức mà 95% lượt gọi không vượt quá.',
    hour: 'Một giờ qua',
    day: '24 giờ qua',
    gateway: 'Cổng',
    state: 'Tình trạng',
    calls: 'Lượt gọi',
    answered: 'Có trả lời',
    p95: 'p95',
    below: (ms: string) => `≤ ${ms} ms`,
    lastCallback: 'Tin báo gần nhất',
    noneYet: 'chưa có',
    normal: 'Bình thường',
    downSince: (at: string) => `Gián đoạn từ ${at}`,
    startsFail: 'Không khởi tạo được giao dịch.',
    queriesFail: 'Không trả lời khi được hỏi.',
    retryAt: (at: string) => `Thử lại lúc ${at}.`,
    beingTried: 'Đang thử lại.',
    inMaintenance: (until: string) => `Bảo trì đến ${until}`,
    planned: 'Bảo trì có kế hoạch',
    nothingPlanned: 'Không có lịch bảo trì.',
    from: 'Từ',
    to: 'Đến',
    note: 'Ghi chú',
  },

  reconciliation: {
    menuLabel: 'Đối soát',
    title: (from: string, to: string) => `Đối soát từ ${from} đến ${to}`,
    titleOneDay: (day: string) => `Đối soát ngày ${day}`,
    asOf: (at: string) => `Số liệu lúc ${at}.`,
    allMatched: 'Hai bên khớp đủ.',
    statementsIn: (received: number, all: number) => `${received} trên ${all} nguồn đã có sao kê.`,
    from: 'Từ ngày',
    to: 'Đến ngày',
    show: 'Xem khoảng ngày này',
    recorded: 'Cổng ghi nhận',
    reported: 'Ngân hàng báo có',
    matchedRate: 'Tự động khớp',
    difference: 'Chênh lệch cần giải trình',
    withoutStatement: 'Chưa có sao kê',
    transactions: (count: number, shown: string) => `${shown} giao dịch`,
    comparedMatched: (waiting: number) =>
      `Các nguồn đã có sao kê khớp đủ. Còn ${waiting} nguồn chưa có sao kê.`,
    noneCompared: 'Chưa có sao kê nào để đối soát.',
    nothingToCompare: 'Không có giao dịch nào trong những ngày này.',
    noneAwaited: 'Không nguồn nào còn thiếu',
    ofTransactions: (count: string, all: string) => `${count} trên ${all}`,
    exceptionCount: (count: string) => `${count} ngoại lệ`,
    bridgeTitle: (difference: string) => `Vì sao lệch ${difference}`,
    bridgeLine: (recorded: string, reported: string) =>
      `Các nguồn đã có sao kê: Cổng ghi nhận **${recorded}**, ngân hàng báo có **${reported}**.`,
    bridgeTable: 'Từ số của Cổng đến số của ngân hàng',
    bridgeUnexplained: 'Chưa giải trình được',
    bySource: 'Theo nguồn',
    source: 'Nguồn',
    matched: 'Khớp',
    missing_at_us: 'Thừa ở ngân hàng',
    missing_at_bank: 'Chưa về ngân hàng',
    amount_differs: 'Lệch số tiền',
    count: 'Giao dịch',
    sumIn: (unit: string) => `Số tiền (${unit})`,
    differenceIn: (unit: string) => `Chênh lệch (${unit})`,
    state: 'Trạng thái',
    statementAt: (at: string) => `Sao kê ${at}`,
    awaited: 'Chờ sao kê',
    allAgree: 'Khớp đủ',
    exceptions: 'Ngoại lệ',
    noExceptions: 'Không có ngoại lệ.',
    day: 'Ngày',
    kind: 'Loại',
    notCompared: 'chưa có',
    reference: 'Mã tham chiếu',
    bankReference: 'Mã giao dịch ngân hàng',
    oursIn: (unit: string) => `Cổng (${unit})`,
    theirsIn: (unit: string) => `Ngân hàng (${unit})`,
    resolution: 'Xử lý',
    open: 'Chưa xử lý',
    resolved: 'Đã xử lý',
    notThere: 'không có',
    step: 'Bước',
    size: 'Độ lớn',
  },
};

/** The keys every language has. */
export type Messages = typeof vi;
